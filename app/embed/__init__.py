"""What other sites put into their pages: a search box and a player, as one script."""
