-- How often all authorities of a cluster were withdrawn: with it removed, or replaced by one of the
-- same name. Whatever was connected before must not stay connected.
ALTER TABLE inventory_authority
  ADD COLUMN withdrawals INTEGER NOT NULL DEFAULT 0 CHECK (withdrawals >= 0);
