package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is not traced: other requests, strangers, keys; and what a trace never costs.
class TraceBoundsTest {
    @TempDir Path temporary;
    private TracedRequests traces;

    @BeforeEach
    void start() {
        traces = new TracedRequests(temporary.resolve("traces"));
    }

    @AfterEach
    void stop() {
        traces.close();
    }

    @Test
    void requestThatIsRefusedIsThere() throws IOException {
        traces.traced().start();
        traces.server.post(Api.MESSAGES.path, "{");
        Path trace = traces.trace(0);
        assertEquals("{", Files.readString(trace.resolve("request-body.json")));
        assertFalse(Files.exists(trace.resolve("upstream-request.json")));
        assertEquals(400, TracedRequests.json(trace, "end.json").path("status").asInt());
    }

    @Test
    void modelsAndCountsAreTracedAndNothingElse() throws IOException {
        traces.traced().start();
        for (String path : List.of("/health", "/", "/sessions", "/nothing"))
            traces.server.get(path);
        traces.server.get("/v1/models");
        traces.server.post("/v1/messages/count_tokens", Api.MESSAGES.body("x"));
        assertEquals(
                "count_tokens",
                TracedRequests.json(traces.trace(1), "upstream-request.json")
                        .path("call")
                        .asString());
        assertEquals(
                "models",
                TracedRequests.json(traces.trace(0), "upstream-request.json")
                        .path("call")
                        .asString());
        assertEquals(2, traces.traces().size());
    }

    @Test
    void strangerLeavesNoTrace() throws IOException {
        traces.traced().token("the-token-of-all").start();
        assertEquals(401, traces.server.post(Api.CHAT.path, Api.CHAT.body("x")).statusCode());
        traces.server.post(Api.CHAT.path, Api.CHAT.body("x"), "x-api-key", "the-token-of-all");
        TracedRequests.assertEnded(traces.trace(0), 200, "whole", "");
        assertEquals(1, traces.traces().size());
    }

    @Test
    void noKeyIsInAnyFile() throws IOException {
        try (var upstream =
                FakeUpstream.of(c ->
                        c.json(
                                200,
                                FakeUpstream.MESSAGE.replace(
                                        "Good day",
                                        "you said sk-ant-api03-SECRETSECRET and "
                                                + TracedRequests.KEY
                                                + " and my-own-key-1")))) {
            traces.traced().upstream(upstream.url()).apiKey(TracedRequests.KEY).start();
            String text = "keys: sk-ant-api03-SECRETSECRET " + TracedRequests.KEY + " my-own-key-1";
            traces.server.post(
                    Api.MESSAGES.path + "?api_key=word",
                    Api.MESSAGES.body(text),
                    "x-api-key",
                    "my-own-key-1",
                    "authorization",
                    "Bearer SECRETSECRET1");
            TracedRequests.assertEnded(traces.trace(0), 200, "whole", "");
            try (Stream<Path> files = Files.list(traces.trace(0))) {
                for (Path file : files.toList()) {
                    String content = Files.readString(file);
                    for (String secret :
                            List.of("SECRETSECRET", TracedRequests.KEY, "my-own-key-1"))
                        assertFalse(content.contains(secret), file + ": " + content);
                    assertFalse(content.contains("api_key=word"), file + ": " + content);
                }
            }
            assertTrue(
                    upstream.requests().stream().anyMatch(r -> r.body().contains("SECRETSECRET")));
        }
    }

    @Test
    void folderThatCannotBeWrittenCostsAWarning() throws IOException {
        Files.writeString(temporary.resolve("traces"), "a file");
        traces.traced().start();
        assertEquals(200, traces.server.post(Api.CHAT.path, Api.CHAT.stream("x")).statusCode());
        assertEquals(200, traces.server.post(Api.CHAT.path, Api.CHAT.body("x")).statusCode());
        traces.server.log().requestLines(2);
        long warnings =
                traces.server
                        .log()
                        .text()
                        .lines()
                        .filter(l -> l.contains("trace not written"))
                        .count();
        assertEquals(1, warnings, traces.server.log().text());
    }
}
