-- What version 1 of the tables held on 4 July 2025 at 08:35 in Tokyo: a Slack
-- channel that had got its briefing, a Discord channel whose briefing was
-- chosen but not yet sent. Bodies of digests are filled in by the test.

INSERT INTO channels (ref, installation, settings, added_at, open_at_start, paused, reason) VALUES
  ('slack:T1/C1', 'slack:T1', '{"time":510,"zone":"Asia/Tokyo","catch_up":14400000000000,"max_age":3,"language":"ja"}', 1751241600000, TRUE, FALSE, ''),
  ('slack:T1/C404404404', 'slack:T1', '{"time":540,"zone":"Asia/Tokyo","catch_up":14400000000000,"max_age":3,"language":"en"}', 1751241600000, FALSE, TRUE, 'channel_not_found'),
  ('discord:900000000000000001/900000000000000002', 'discord:900000000000000001', '{"time":510,"zone":"Asia/Tokyo","catch_up":14400000000000,"max_age":3,"language":"ja"}', 1751241600000, TRUE, FALSE, '');

INSERT INTO slots (ref, date, installation, state, reason, digest, earlier, due_at, closes_at, posted_at, touched_at, fence, attempts, lease_until) VALUES
  ('slack:T1/C1', '2025-07-03', 'slack:T1', 'no_digest', 'no digest came', '', 'null', 1751499000000, 1751513400000, 0, 1751513400000, 0, 0, 0),
  ('slack:T1/C1', '2025-07-04', 'slack:T1', 'posted', '', '2025-07-03', '["2025-07-02"]', 1751585400000, 1751599800000, 1751585401000, 1751585403000, 1, 1, 0),
  ('discord:900000000000000001/900000000000000002', '2025-07-04', 'discord:900000000000000001', 'claimed', '', '2025-07-03', '["2025-07-02"]', 1751585400000, 1751599800000, 0, 1751585400000, 0, 0, 0);

INSERT INTO seen (ref, digest, slot) VALUES
  ('slack:T1/C1', '2025-07-02', '2025-07-04'),
  ('slack:T1/C1', '2025-07-03', '2025-07-04'),
  ('discord:900000000000000001/900000000000000002', '2025-07-02', '2025-07-04'),
  ('discord:900000000000000001/900000000000000002', '2025-07-03', '2025-07-04');

INSERT INTO parts (ref, date, idx, state, body, message_id, intent_at, sent_at) VALUES
  ('slack:T1/C1', '2025-07-04', 0, 'sent', '{"text":"as it was posted"}', '1751585401.000100', 1751585400500, 1751585401000),
  ('slack:T1/C1', '2025-07-04', 1, 'sent', '{"text":"its thread"}', '1751585403.000200', 1751585402500, 1751585403000);

INSERT INTO digests (date, name, body, source, first_at, revised_at, withdrawn_at, revision) VALUES
  ('2025-07-02', 'cybersecurity_news_2025-07-02.md', '', 'folder', 1751490000000, 1751490000000, 0, 1),
  ('2025-07-03', 'cybersecurity_news_2025-07-03.md', '', 'folder', 1751580000000, 1751580000000, 0, 2);
UPDATE counters SET value = 2 WHERE name = 'digests';

INSERT INTO rejected (file, reason, at) VALUES ('cybersecurity_news_2025-07-01.md', 'not UTF-8 at byte 17', 1751400000000);

INSERT INTO audit (id, at, installation, who, what, ref, settings_before, settings_after) VALUES
  (1, 1751241600000, 'slack:T1', 'U1', 'add', 'slack:T1/C1', '', '{"time":510,"zone":"Asia/Tokyo","catch_up":14400000000000,"max_age":3,"language":"ja"}');
UPDATE counters SET value = 1 WHERE name = 'audit';

INSERT INTO unknown_words (installation, word, times, first_at, last_at) VALUES ('slack:T1', 'ゼロトラスト', 3, 1751300000000, 1751400000000);
INSERT INTO source_checks (source, newest, checked_at, error) VALUES ('folder', '2025-07-03', 1751585000000, '');
INSERT INTO notes (name, value) VALUES ('touched', '2025-07-03T23:35:00Z');
