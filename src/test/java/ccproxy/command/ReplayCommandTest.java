package ccproxy.command;

import static ccproxy.command.Traces.CHAT;
import static ccproxy.command.Traces.MESSAGES;
import static ccproxy.command.Traces.body;
import static ccproxy.command.Traces.change;
import static ccproxy.command.Traces.changeFirst;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.FakeCli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What was traced is asked again and goes the same way, whatever it was.
class ReplayCommandTest {
    @TempDir Path folder;
    private Traces traces;

    @BeforeEach
    void start() {
        traces = new Traces(folder);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "good day to you",
                "/echo {\"thinking\":\"hm\",\"text\":\"hi\",\"tool_use\":[{\"name\":\"f\",\"input\":{\"a\":1}}]}",
                "/echo {\"error\":{\"status\":429,\"type\":\"rate_limit_error\",\"message\":\"slow\"}}",
                "/echo {\"error_after\":2}",
                "/echo {\"cut_after\":2}",
                "my key sk-ant-api03-abcdefghijklm is secret",
            })
    void unchangedProgramDoesTheSame(String text) {
        try (var server = traces.server()) {
            for (String path : List.of(CHAT, MESSAGES, "/session-1" + CHAT)) {
                server.post(path, body(text, true));
                server.post(path, body(text, false));
            }
        }
        assertTrue(traces.replay(ExitCode.OK, traces.all()).endsWith("6 same\n"));
    }

    @Test
    void settingsAreThoseOfTheTrace() {
        var models = List.of("--models", "gpt-9=opus", "--reasoning", "tags");
        try (var server = traces.server(models.toArray(String[]::new))) {
            String body = body("/echo {\"thinking\":\"hm\",\"text\":\"hi\"}", true);
            server.post(CHAT, body.replace("sonnet", "gpt-9"));
        }
        // Those of who replays have no say.
        new Run(folder).file("ccproxy.json", "{\"reasoning\": \"hide\"}");
        traces.replay(ExitCode.OK, traces.all());
    }

    @Test
    void limitsOfAKeyAreNoDifference() {
        new Run(folder)
                .file(
                        "ccproxy.json",
                        """
                        {"auth_tokens": {"alice": {"token": "alice-1", "requests_per_minute": 3,
                          "tokens_per_day": 1000, "models": ["sonnet"]}}}
                        """);
        try (var server = traces.server().as("alice-1")) {
            assertEquals(200, server.post(CHAT, body("x", true)));
            assertEquals(200, server.post(MESSAGES, body("x", false)));
            assertEquals(403, server.post(MESSAGES, body("x", true).replace("sonnet", "opus")));
            assertEquals(429, server.post(CHAT, body("x", true)));
        }
        String said = traces.replay(ExitCode.OK, traces.all());
        assertTrue(said.endsWith("2 same, 2 skipped\n"), said);
    }

    @Test
    void headersForABrowserAreNoDifference() throws IOException {
        try (var server = traces.server()) {
            server.post(CHAT, body("x", true));
        }
        changeFirst(
                traces.trace(0),
                "response.jsonl",
                "\"headers\":\\{",
                "\"headers\":{\"access-control-allow-origin\":[\"http://a\"],\"vary\":[\"origin\"],");
        traces.replay(ExitCode.OK, traces.all());
    }

    @Test
    void strictRefusalIsTheSame() {
        try (var server = traces.server("--strict")) {
            assertEquals(
                    400,
                    server.post(CHAT, body("x", true).replace("{\"model", "{\"seed\":5,\"model")));
        }
        traces.replay(ExitCode.OK, traces.all());
    }

    @Test
    void tokenThatTheModelSaidInPiecesIsMaskedAgain() throws IOException {
        try (var server = traces.server()) {
            server.post(CHAT, body("sk-ant- 123456789", false));
        }
        change(traces.trace(0), "upstream.jsonl", "\"sk-ant- \"", "\"sk-ant-\"");
        change(traces.trace(0), "response.jsonl", "\"sk-ant- 123456789\"", "\"sk-ant-***\"");
        traces.replay(ExitCode.OK, traces.all());
    }

    @Test
    void eachTurnOfASessionIsReplayedByItself() throws IOException {
        try (var server = traces.server()) {
            server.post("/s-1" + MESSAGES, body("one", true));
            server.post("/s-1" + CHAT, body("two", true));
            server.post("/s-1" + CHAT, body("three", false));
        }
        traces.replay(ExitCode.OK, traces.trace(2));
        change(traces.trace(2), "upstream-request.json", "\"two\"", "\"2\"");
        // What the session held is given back as it is in the trace: only new turns are compared.
        traces.replay(ExitCode.OK, traces.trace(2));
        change(traces.trace(2), "upstream-request.json", "\"three\"", "\"3\"");
        String out = traces.replay(ExitCode.FAILED, traces.trace(2));
        assertTrue(
                out.contains(
                        "upstream-request.json $.body.messages[4].content[0].text: expected \"3\", found \"three\""),
                out);
    }

    @Test
    void thinkingThatTheServerKeptIsGivenBack() throws IOException {
        String call =
                "/echo {\"thinking\":\"hm\",\"tool_use\":[{\"name\":\"f\",\"input\":{},\"id\":\"toolu_1\"}]}";
        String tools =
                ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}]}";
        String first = body(call, true).replaceFirst("}$", "") + tools;
        String next =
                "{\"model\":\"sonnet\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"},"
                        + "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"toolu_1\",\"type\":\"function\","
                        + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
                        + "{\"role\":\"tool\",\"tool_call_id\":\"toolu_1\",\"content\":\"5\"}]"
                        + tools;
        try (var server = traces.server()) {
            assertEquals(200, server.post(CHAT, first));
            assertEquals(200, server.post(CHAT, next));
        }
        String asked = Files.readString(traces.trace(1).resolve("upstream-request.json"));
        assertTrue(asked.contains("\"thinking\":\"hm\""), asked);
        traces.replay(ExitCode.OK, traces.trace(1));
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void answerOfTheCliIsReplayedWithoutOne() throws IOException {
        var fake = new FakeCli(Files.createDirectory(folder.resolve("cli")));
        var run =
                new Run(folder).with("PATH", System.getenv("PATH")).with("HOME", folder.toString());
        String[] flags = {"--sdk-path", fake.program().toString(), "--sdk-warm", "0"};
        try (var server = new TracedServer(run, traces.all(), flags)) {
            String body = body("play[start;texts 3 word.;stop]", true);
            server.post("/sdk" + CHAT, body);
            server.post(
                    "/sdk" + MESSAGES,
                    body.replace("{\"model", "{\"metadata\":{\"user_id\":\"u\"},\"model"));
        }
        String got = Files.readString(traces.trace(1).resolve("response.jsonl"));
        assertTrue(got.contains("metadata=dropped"), got);
        Files.delete(fake.program());
        assertTrue(traces.replay(ExitCode.OK, traces.all()).endsWith("2 same\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {CHAT, MESSAGES})
    void clientThatLeftGotTheBeginning(String path) throws IOException {
        try (var server = traces.server()) {
            server.leave(
                    path,
                    body(
                            "/echo {\"text\":\"a b c\",\"delta_count\":500,\"delta_delay_ms\":20}",
                            true));
        }
        assertTrue(Files.readString(traces.trace(0).resolve("end.json")).contains("client left"));
        traces.replay(ExitCode.OK, traces.all());
        changeFirst(
                traces.trace(0), "response.jsonl", "\"(content|text)\":\"a \"", "\"$1\":\"z \"");
        traces.replay(ExitCode.FAILED, traces.all());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void pingBeforeTheFirstEventIsRepeated(boolean isError) throws IOException {
        String script =
                isError
                        ? "/echo {\"first_delay_ms\":60,\"error\":{\"status\":529,\"type\":\"overloaded_error\",\"message\":\"m\"}}"
                        : "/echo {\"first_delay_ms\":60,\"text\":\"x\"}";
        try (var server = traces.server("--ping", "10ms")) {
            assertEquals(200, server.post(CHAT, body(script, true)));
        }
        assertTrue(Files.readString(traces.trace(0).resolve("response.jsonl")).contains(": ping"));
        traces.replay(ExitCode.OK, traces.all());
    }

    @Test
    void requestThatWasNeverReadIsSkipped() {
        try (var server = traces.server("--max-body", "1KB")) {
            assertEquals(413, server.post(CHAT, body("x".repeat(2000), true)));
        }
        String out = traces.replay(ExitCode.OK, traces.all());
        assertTrue(out.contains("its body was refused unread: body: expected at most 1024"), out);
        assertTrue(out.endsWith("1 skipped\n"), out);
    }

    @Test
    void helpTellsOfIt() {
        var run = new Run(folder);
        assertEquals(ExitCode.OK, run.main("help", "replay"));
        assertTrue(run.out().startsWith("usage: ccproxy replay DIR"), run.out());
    }

    @Test
    void withoutTraceDirNothingIsWritten() throws IOException {
        try (var server = new TracedServer(new Run(folder), Path.of(""))) {
            server.post(CHAT, body("good day", true));
        }
        try (Stream<Path> all = Files.walk(folder)) {
            assertEquals(List.of(), all.filter(p -> p.toString().contains("request")).toList());
        }
    }
}
