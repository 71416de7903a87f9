"""The pages: server-rendered, useful without scripts, in the hand of one style sheet."""
