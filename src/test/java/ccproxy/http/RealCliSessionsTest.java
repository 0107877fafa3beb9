package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Conversations that the server remembers, by way of the CLI: the upstream gets all of each, and
/// nothing of another.
@Tag("real-cli")
@ParameterizedClass
@EnumSource
class RealCliSessionsTest {
    /// Until an upstream request that nobody waits for is gone.
    private static final long GONE_MILLIS = 2_000;

    private static final String SLOW = "/echo {\"delta_count\":2000,\"delta_delay_ms\":10}";

    @TempDir static Path folder;
    private static RealCli cli;
    @Parameter CliVersion version;

    @BeforeParameterizedClassInvocation
    static void start(CliVersion version) throws IOException {
        cli = new RealCli(version, folder);
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        if (cli != null) cli.close();
        cli = null;
    }

    private static String path(Api api, String session) {
        return "/sdk/" + session + api.path;
    }

    /// {@return what was said, in the order the upstream got it}
    private static List<String> said(FakeUpstream.Request asked) {
        return RealCli.body(asked)
                .path("messages")
                .valueStream()
                .map(RealCliSessionsTest::text)
                .toList();
    }

    private static String text(JsonNode message) {
        JsonNode content = message.path("content");
        return content.isString()
                ? content.stringValue()
                : content.path(0).path("text").asString("");
    }

    @ParameterizedTest
    @EnumSource
    void fiveTurns(Api api) {
        version.assumeIsQuickOr(api == Api.CHAT);
        cli.reset();
        String id = "five-" + api + version;
        for (int turn = 1; turn <= 5; turn++) {
            var answer = cli.server().post(path(api, id), api.body("turn " + turn));
            assertEquals("turn " + turn, api.text(answer.body()));
            assertEquals(id, answer.headers().firstValue("x-ccproxy-session").orElse(""));
        }
        List<FakeUpstream.Request> asked = cli.asked();
        assertEquals(5, asked.size());
        for (int turn = 1; turn <= 5; turn++)
            assertEquals(2 * turn - 1, said(asked.get(turn - 1)).size());
        assertEquals(
                List.of("turn 1", "turn 1", "turn 2", "turn 2"),
                said(asked.getLast()).subList(0, 4));
    }

    @Test
    void twoAtOnceNeverMix() {
        version.assumeIsQuickOr(false);
        cli.reset();
        for (int turn = 1; turn <= 3; turn++) {
            CompletableFuture<HttpResponse<String>> left = asked("left", turn);
            CompletableFuture<HttpResponse<String>> right = asked("right", turn);
            for (var answer : List.of(left, right)) assertEquals(200, answer.join().statusCode());
        }
        for (FakeUpstream.Request asked : cli.asked()) {
            boolean isLeft = said(asked).getFirst().contains("left");
            String other = isLeft ? "right" : "left";
            assertTrue(said(asked).stream().noneMatch(text -> text.contains(other)));
        }
        assertEquals(6, cli.asked().size());
    }

    private CompletableFuture<HttpResponse<String>> asked(String name, int turn) {
        String text = "/echo {\"text\":\"%s says %d\",\"delta_delay_ms\":20}".formatted(name, turn);
        return cli.server()
                .sendAsync("POST", path(Api.MESSAGES, name + version), Api.MESSAGES.body(text));
    }

    @ParameterizedTest
    @EnumSource
    void wholeHistoryBeginsAnew(Api api) {
        version.assumeIsQuickOr(false);
        String id = "anew-" + api + version;
        cli.server().post(path(api, id), api.body("forgotten"));
        ObjectNode request = api.request("a", false);
        request.withArray("messages").addObject().put("role", "assistant").put("content", "b");
        request.withArray("messages").addObject().put("role", "user").put("content", "c");
        cli.server().post(path(api, id), request.toString());
        cli.reset();
        cli.server().post(path(api, id), api.body("d"));
        assertEquals(List.of("a", "b", "c", "c", "d"), said(cli.asked().getFirst()));
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesStopsTheUpstreamAndIsRemembered(Api api) throws Exception {
        version.assumeIsQuickOr(api == Api.CHAT);
        cli.reset();
        String id = "left-" + api + version;
        try (RawClient client = cli.server().raw().post(path(api, id), api.stream(SLOW))) {
            client.readUntil("echo");
        }
        assertTrue(cli.isFirstLeftWithinMillis(GONE_MILLIS), "still asking");
        Eventually.isTrue(
                "idle again",
                () -> cli.server().session(id).path("state").asString().equals("idle"));
        cli.server().post(path(api, id), api.body("and now?"));
        List<String> said = said(cli.asked().getLast());
        assertEquals(3, said.size(), said::toString);
        assertEquals(SLOW, said.getFirst());
        assertTrue(said.get(1).startsWith("echo"), said::toString);
    }

    @ParameterizedTest
    @EnumSource
    @EnabledOnOs(OS.LINUX)
    void clientThatWaitsAndLeavesStopsTheUpstreamToo(Api api) throws Exception {
        version.assumeIsQuickOr(false);
        cli.reset();
        RawClient client = cli.server().raw().post("/sdk" + api.path, api.body(SLOW));
        Eventually.isTrue("asked", () -> !cli.asked().isEmpty());
        // The server knows by then how the kernel writes its connections.
        cli.isFirstLeftWithinMillis(3 * RealCli.PING);
        client.close();
        assertTrue(cli.isFirstLeftWithinMillis(GONE_MILLIS), "still asking");
    }

    @Test
    void interruptStopsTheUpstream() throws Exception {
        cli.reset();
        String id = "interrupted-" + version;
        try (RawClient client =
                cli.server().raw().post(path(Api.MESSAGES, id), Api.MESSAGES.stream(SLOW))) {
            client.readUntil("echo");
            cli.server().post("/sessions/" + id + "/interrupt", "");
            assertTrue(cli.isFirstLeftWithinMillis(GONE_MILLIS), "still asking");
            assertFalse(Api.MESSAGES.isWhole(client.readUntil("event: error")));
        }
    }

    /// The server is killed outright; the one after it has the whole conversation, and nothing of
    /// the first one is left running.
    @Test
    void killedServerIsTakenUpWhereItWas() throws Exception {
        version.assumeIsQuickOr(false);
        cli.reset();
        Map<String, String> variables = RealCli.environment(folder, cli.upstreamUrl());
        Path home = folder.resolve("killed-" + version);
        Files.createDirectories(home);
        variables.put("HOME", home.toString());
        String[] flags = {"--backend", "sdk", "--sdk-path", version.path()};
        List<ProcessHandle> left;
        try (var first = new Program(home, List.of(), variables, flags)) {
            ask(first, "one");
            ask(first, "two");
            // The CLI ends a turn before it notices that nobody is there any more.
            String running = "/echo {\"delta_count\":150,\"delta_delay_ms\":20}";
            first.raw().post("/other/v1/messages", Api.MESSAGES.stream(running)).readUntil("echo");
            left = first.handle().descendants().toList();
            assertFalse(left.isEmpty());
            first.handle().destroyForcibly();
        }
        try (var second = new Program(home, List.of(), variables, flags)) {
            ask(second, "three");
            assertEquals(List.of("one", "one", "two", "two", "three"), said(cli.asked().getLast()));
            assertEquals(0, second.stop());
        }
        long until = System.nanoTime() + 15_000_000_000L;
        while (left.stream().anyMatch(ProcessHandle::isAlive)) {
            List<Long> pids =
                    left.stream().filter(ProcessHandle::isAlive).map(ProcessHandle::pid).toList();
            assertTrue(System.nanoTime() < until, () -> "left running: " + pids);
            Thread.sleep(5);
        }
    }

    private static void ask(Program program, String text) throws IOException {
        try (RawClient client = program.raw()) {
            var answer = client.post("/kept/v1/messages", Api.MESSAGES.body(text)).answer();
            assertEquals(200, answer.status(), () -> answer.body() + program.log());
            assertEquals(text, Api.MESSAGES.text(answer.body()));
        }
    }
}
