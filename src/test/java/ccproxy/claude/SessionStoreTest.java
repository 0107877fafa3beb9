package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.observe.Log;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionStoreTest {
    private static final Session.Key KEY = new Session.Key("sdk", "", "s1");

    @TempDir Path folder;
    private final Sessions.Hands clock = new Sessions.Hands();

    private SessionStore store() {
        return new SessionStore(folder.resolve("sessions"), clock);
    }

    private SessionStore.Kept kept(String held) {
        return new SessionStore.Kept(
                "m",
                2,
                clock.now.minusSeconds(9),
                clock.now,
                held.getBytes(StandardCharsets.UTF_8));
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(folder.resolve("sessions"))) {
            return files.toList();
        }
    }

    private static String held(List<SessionStore.Kept> found) {
        return found.isEmpty() ? "" : new String(found.getFirst().held(), StandardCharsets.UTF_8);
    }

    private static String logged(Runnable action) {
        var log = new ByteArrayOutputStream();
        var before =
                Log.configure(
                        Log.Level.WARN,
                        Log.Format.JSON,
                        new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            action.run();
        } finally {
            Log.configure(before);
        }
        return log.toString(StandardCharsets.UTF_8);
    }

    @Test
    void sessionOutlivesItsStore() throws IOException {
        assertEquals(List.of(), store().load(KEY));
        store().save(KEY, kept("{\"messages\":[1]}"));
        store().save(KEY, kept("{\"messages\":[1,\"é\"]}"));
        SessionStore.Kept found = store().load(KEY).getFirst();
        SessionStore.Kept saved = kept("{\"messages\":[1,\"é\"]}");
        assertArrayEquals(saved.held(), found.held());
        assertEquals("m", found.model());
        assertEquals(2, found.messages());
        assertEquals(saved.createdAt(), found.createdAt());
        assertEquals(saved.usedAt(), found.usedAt());
        assertEquals(1, files().size(), "nothing is left beside it");
    }

    @Test
    void filesAreForTheirOwnerOnly() throws IOException {
        store().save(KEY, kept("{}"));
        Path file = files().getFirst();
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));
    }

    @Test
    void idsThatDifferAreOtherSessions() {
        var store = store();
        String longId = "x".repeat(200);
        List<Session.Key> keys =
                List.of(
                        KEY,
                        new Session.Key("sdk", "", "S1"),
                        new Session.Key("sdk", "o", "s1"),
                        new Session.Key("sdk", "", longId + "a"),
                        new Session.Key("sdk", "", longId + "b"));
        for (int i = 0; i < keys.size(); i++) store.save(keys.get(i), kept("[" + i + "]"));
        for (int i = 0; i < keys.size(); i++)
            assertEquals("[" + i + "]", held(store.load(keys.get(i))));
    }

    @Test
    void forgottenOneIsGone() throws IOException {
        var store = store();
        assertFalse(store.delete(KEY));
        store.save(KEY, kept("{}"));
        assertTrue(store.delete(KEY));
        assertFalse(store.delete(KEY));
        assertEquals(List.of(), store.load(KEY));
        assertEquals(List.of(), files());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{}", "[]", "\u0000\u0001", "{\"used_at\":\"yesterday\"}"})
    void fileThatCannotBeReadIsNoneAndIsReplaced(String content) throws IOException {
        var store = store();
        store.save(KEY, kept("{}"));
        Files.writeString(files().getFirst(), content);
        String log = logged(() -> assertEquals(List.of(), store.load(KEY)));
        assertTrue(log.contains("kept session cannot be read"), log);
        store.save(KEY, kept("[7]"));
        assertEquals("[7]", held(store.load(KEY)));
    }

    @Test
    void folderThatCannotBeMadeCostsAWarningAndNoRequest() throws IOException {
        Files.writeString(folder.resolve("sessions"), "a file");
        var store = store();
        String log = logged(() -> store.save(KEY, kept("{}")));
        assertTrue(log.contains("session not kept on disk"), log);
        assertTrue(log.contains("\"session_id\":\"s1\""), log);
        assertEquals(1, log.lines().count(), log);
        assertEquals(List.of(), store.load(KEY));
        assertFalse(store.delete(KEY));
    }

    @Test
    void sessionIsKeptForThirtyDaysAndNotLonger() {
        store().save(KEY, kept("[1]"));
        Instant then = clock.now;
        clock.now = then.plus(SessionStore.KEPT).minusMillis(1);
        assertEquals("[1]", held(store().load(KEY)));
        clock.now = then.plus(SessionStore.KEPT);
        assertEquals("[1]", held(store().load(KEY)));
        clock.now = then.plus(SessionStore.KEPT).plusMillis(1);
        assertEquals("", held(store().load(KEY)));
    }

    @Test
    void oldFilesAreSweptAtTheStart() throws IOException {
        Path sessions = Files.createDirectory(folder.resolve("sessions"));
        Instant limit = clock.now.minus(SessionStore.KEPT);
        for (int i = -1; i <= 1; i++) {
            Path file = Files.writeString(sessions.resolve("session-" + i + ".json"), "{}");
            Files.setLastModifiedTime(file, FileTime.from(limit.plusMillis(i)));
        }
        Path half = Files.writeString(sessions.resolve("new-1.tmp"), "{");
        Files.setLastModifiedTime(half, FileTime.from(limit.minus(Duration.ofDays(1))));
        store();
        assertEquals(
                List.of("session-0.json", "session-1.json"),
                files().stream().map(f -> f.getFileName().toString()).sorted().toList());
    }

    @Test
    void beyondFilesMaxTheOldestAreForgotten() throws IOException {
        Path sessions = Files.createDirectory(folder.resolve("sessions"));
        for (int i = 0; i < SessionStore.FILES_MAX; i++) {
            Path file = Files.createFile(sessions.resolve("session-" + i + ".json"));
            if (i < 2)
                Files.setLastModifiedTime(file, FileTime.from(clock.now.minusSeconds(9 - i)));
        }
        store();
        assertEquals(SessionStore.FILES_MAX, files().size());
        Files.createFile(sessions.resolve("session-new.json"));
        store();
        assertEquals(SessionStore.FILES_MAX, files().size());
        assertFalse(Files.exists(sessions.resolve("session-0.json")), "the oldest");
        assertTrue(Files.exists(sessions.resolve("session-1.json")));
    }
}
