"""What people read; the only code here writes the reference pages."""
