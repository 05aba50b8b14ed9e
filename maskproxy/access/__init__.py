"""Who is this, and what may they do? Pure but for its stores."""
