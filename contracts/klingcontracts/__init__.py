"""What the vendor documents, as data, and every check of it. Never imports klingmock."""
