package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.AgentConversations.Held;
import ccproxy.observe.Log;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgentConversationsTest {
    @TempDir Path folder;

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Log.Output before =
            Log.configure(
                    Log.Level.INFO,
                    Log.Format.JSON,
                    new PrintStream(log, true, StandardCharsets.UTF_8));

    @AfterEach
    void restore() {
        Log.configure(before);
    }

    private Path file() {
        return folder.resolve("state").resolve("cli-sessions.json");
    }

    private AgentConversations open() {
        return new AgentConversations(file());
    }

    private static Held held(String id) {
        return new Held(id, 4, "digest of " + id, true);
    }

    private void assertWarned(String text) {
        String logged = log.toString(StandardCharsets.UTF_8);
        assertTrue(logged.contains("\"warn\"") && logged.contains(text), logged);
    }

    @Test
    void conversationSurvivesTheServer() {
        AgentConversations one = open();
        assertNull(one.of("s1"));
        one.put("s1", held("a"));
        one.put("s2", new Held("b", 2, "d", false));
        one.put("s1", held("c"));
        AgentConversations next = open();
        assertEquals(held("c"), next.of("s1"));
        assertEquals(new Held("b", 2, "d", false), next.of("s2"));
    }

    @Test
    void forgottenConversationStaysForgotten() {
        AgentConversations one = open();
        one.put("s1", held("a"));
        one.remove("s1");
        one.remove("never there");
        assertNull(one.of("s1"));
        assertNull(open().of("s1"));
    }

    @Test
    void leastRecentlyUsedIsForgottenBeyondTheLimit() {
        AgentConversations one = open();
        for (int i = 0; i < AgentConversations.CONVERSATIONS_MAX; i++)
            one.put("s" + i, held("id" + i));
        assertNotNull(one.of("s0"), "at the limit all are there, and this one was just used");
        one.put("more", held("x"));
        assertNotNull(one.of("s0"));
        assertNull(one.of("s1"));
        AgentConversations next = open();
        assertNotNull(next.of("s0"));
        assertNull(next.of("s1"));
        assertNotNull(next.of("more"));
    }

    @Test
    void fileIsForThisUserAloneAndNothingIsLeftBesideIt() throws IOException {
        open().put("s1", held("a"));
        try (Stream<Path> all = Files.list(file().getParent())) {
            assertEquals(List.of(file()), all.toList());
        }
        if (Files.getFileStore(folder).supportsFileAttributeView("posix"))
            assertTrue(
                    Files.getPosixFilePermissions(file()).stream()
                            .allMatch(permission -> permission.name().startsWith("OWNER_")));
    }

    @Test
    void readerSeesAWholeFileAtAnyMoment() throws Exception {
        AgentConversations one = open();
        one.put("s", held("first"));
        var isDone = new CountDownLatch(1);
        Thread writer =
                Thread.ofPlatform()
                        .start(() -> {
                            for (int i = 0; i < 200; i++) one.put("s" + i, held("id" + i));
                            isDone.countDown();
                        });
        while (isDone.getCount() > 0) assertNotNull(open().of("s"));
        writer.join();
        assertEquals("", log.toString(StandardCharsets.UTF_8));
    }

    @Test
    void manyThreadsLoseNothing() throws Exception {
        AgentConversations one = open();
        var threads = new ArrayList<Thread>();
        for (int i = 0; i < 20; i++) {
            String name = "s" + i;
            threads.add(Thread.ofVirtual().start(() -> one.put(name, held(name))));
        }
        for (Thread thread : threads) thread.join();
        AgentConversations next = open();
        for (int i = 0; i < 20; i++) assertEquals(held("s" + i), next.of("s" + i));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "{\"s1\":", "\u0000\u0001", "null", "7"})
    void brokenFileIsEmptyWithAWarning(String content) throws IOException {
        Files.createDirectories(file().getParent());
        Files.writeString(file(), content);
        AgentConversations one = open();
        assertNull(one.of("s1"));
        assertWarned("cannot be read");
        one.put("s1", held("a"));
        assertEquals(held("a"), open().of("s1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"s1\":1}", "{\"s1\":{}}", "{\"s1\":{\"id\":7,\"count\":\"x\"}}"})
    void brokenEntryMatchesNoConversation(String content) throws IOException {
        Files.createDirectories(file().getParent());
        Files.writeString(file(), content);
        Held found = open().of("s1");
        assertTrue(found == null || found.digest().isEmpty(), "" + found);
    }

    @Test
    void folderThatCannotBeWrittenCostsAWarningAndNothingElse() throws IOException {
        // A file where the folder should be: read-only folders do not stop root.
        Files.writeString(folder.resolve("state"), "");
        AgentConversations one = open();
        one.put("s1", held("a"));
        assertWarned("cannot be kept");
        assertEquals(held("a"), one.of("s1"), "it holds as long as the server runs");
    }

    @Test
    void turnOfASessionWaitsForTheOneBeforeIt() throws Exception {
        AgentConversations one = open();
        one.begin("s1");
        one.begin("s2");
        var begun = new CountDownLatch(1);
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        one.begin("s1");
                        begun.countDown();
                    } catch (InterruptedException _) {
                        // Then it has not begun.
                    }
                });
        one.end("s2");
        assertFalse(begun.await(50, TimeUnit.MILLISECONDS));
        one.end("s1");
        assertTrue(begun.await(5, TimeUnit.SECONDS));
    }
}
