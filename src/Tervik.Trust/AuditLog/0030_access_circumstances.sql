-- An access that concerned several patients is one event for each of them; concerned says how many they were.
ALTER TABLE access_event ADD COLUMN concerned BIGINT;
ALTER TABLE access_event ADD COLUMN client TEXT;    -- the application through which somebody asked; null: the portal, or a program for itself
ALTER TABLE access_event ADD COLUMN purpose TEXT;   -- v3-PurposeOfUse: TREAT, BTG, PATRQT
ALTER TABLE access_event ADD COLUMN address TEXT;   -- of the network it came from
