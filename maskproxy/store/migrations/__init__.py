"""Every shape that the database has had. A migration that was released is never changed; the next one follows it."""
