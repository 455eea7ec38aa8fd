"""Files of archives: where they are declared, how they are fetched and checked, and their receipts."""
