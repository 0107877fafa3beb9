package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.FakeCli;
import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// What is written of one request while requests are traced.
class TraceTest {
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

    @ParameterizedTest
    @EnumSource
    void streamedAnswerIsThereOnBothSides(Api api) throws IOException {
        traces.traced().start();
        String body = api.stream("good day");
        String got =
                traces.server
                        .post(api.path + "?beta=true", body, "x-request-id", "req-12345")
                        .body();
        Path trace = traces.trace(0);
        assertTrue(trace.toString().endsWith("Z-req-12345"), trace.toString());
        JsonNode request = TracedRequests.json(trace, "request.json");
        assertEquals(1, request.path("trace").asInt());
        assertEquals("POST", request.path("method").asString());
        assertEquals(api.path, request.path("path").asString());
        assertEquals("beta=true", request.path("query").asString());
        assertEquals("application/json", TracedRequests.header(request, "content-type"));
        assertEquals(body, Files.readString(trace.resolve("request-body.json")));
        JsonNode asked = TracedRequests.json(trace, "upstream-request.json");
        assertEquals("ask", asked.path("call").asString());
        assertEquals("echo", asked.path("backend").asString());
        assertEquals(Api.MODEL, asked.path("body").path("model").asString());
        List<String> upstream = TracedRequests.events(trace, "upstream.jsonl");
        assertEquals("message_start", upstream.getFirst());
        assertEquals("message_stop", upstream.getLast());
        assertTrue(TracedRequests.lines(trace, "upstream.jsonl").getLast().path("end").asBoolean());
        List<JsonNode> response = TracedRequests.lines(trace, "response.jsonl");
        assertEquals(200, response.getFirst().path("status").asInt());
        assertEquals("echo", TracedRequests.header(response.getFirst(), "x-ccproxy-backend"));
        if (api == Api.MESSAGES)
            assertEquals(upstream, TracedRequests.events(trace, "response.jsonl"));
        else assertEquals("data: [DONE]\n\n", response.getLast().path("raw").asString());
        assertEquals(got.split("\n\n").length, response.size() - 1);
        double ms = -1;
        for (JsonNode line : response) {
            assertTrue(line.path("ms").asDouble(-1) >= ms, line.toString());
            ms = line.path("ms").asDouble();
        }
        TracedRequests.assertEnded(trace, 200, "whole", "");
    }

    @ParameterizedTest
    @EnumSource
    void wholeAnswerIsThereOnBothSides(Api api) throws IOException {
        traces.traced().start();
        String got = traces.server.post(api.path, api.body("good day")).body();
        Path trace = traces.trace(0);
        List<JsonNode> response = TracedRequests.lines(trace, "response.jsonl");
        assertEquals(2, response.size());
        assertEquals(Json.tree(got), response.getLast().path("body"));
        assertEquals("message_stop", TracedRequests.events(trace, "upstream.jsonl").getLast());
    }

    @ParameterizedTest
    @EnumSource
    void errorBeforeTheAnswerIsThereAsItWas(Api api) throws IOException {
        try (var upstream =
                FakeUpstream.of(c ->
                        c.json(
                                529,
                                "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}",
                                "retry-after",
                                "7"))) {
            traces.traced().upstream(upstream.url()).start();
            int status = traces.server.post(api.path, api.stream("x")).statusCode();
            Path trace = traces.trace(0);
            JsonNode error = TracedRequests.lines(trace, "upstream.jsonl").getLast().path("error");
            assertEquals(529, error.path("status").asInt());
            assertEquals("busy", error.path("message").asString());
            assertEquals("7", TracedRequests.header(error, "retry-after"));
            assertEquals(
                    status,
                    TracedRequests.lines(trace, "response.jsonl")
                            .getFirst()
                            .path("status")
                            .asInt());
            TracedRequests.assertEnded(trace, status, "failed", "busy");
        }
    }

    @ParameterizedTest
    @EnumSource
    void errorInAStreamIsThereOnBothSides(Api api) throws IOException {
        traces.traced().start();
        traces.server.post(api.path, api.stream("/echo {\"error_after\":1}"));
        Path trace = traces.trace(0);
        assertEquals("error", TracedRequests.events(trace, "upstream.jsonl").getLast());
        assertTrue(
                TracedRequests.lines(trace, "response.jsonl").getLast().path("data").has("error"),
                trace.toString());
        TracedRequests.assertEnded(trace, 200, "failed", "Overloaded");
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeftIsSaid(Api api) throws Exception {
        try (var upstream =
                FakeUpstream.of(c -> {
                    c.stream();
                    c.chunk(FakeUpstream.START);
                    while (!c.isLeftWithinMillis(5)) c.text("more ");
                })) {
            traces.traced().upstream(upstream.url()).start();
            RawClient client = traces.server.raw().post(api.path, api.stream("x"));
            client.readUntil("more");
            client.close();
            Path trace = traces.trace(0);
            TracedRequests.assertEnded(trace, 499, "client left", "client left");
            assertTrue(
                    TracedRequests.lines(trace, "upstream.jsonl")
                            .getLast()
                            .path("closed")
                            .asBoolean());
        }
    }

    @Test
    void sessionIsAskedWithWhatItRemembers() throws IOException {
        traces.traced().start();
        traces.server.post("/s-1" + Api.MESSAGES.path, Api.MESSAGES.body("one"));
        traces.server.post("/s-1" + Api.CHAT.path, Api.CHAT.body("two"));
        JsonNode asked = TracedRequests.json(traces.trace(1), "upstream-request.json");
        assertEquals("s-1", asked.path("session").asString());
        assertEquals(2, asked.path("remembered").asInt());
        assertEquals(3, asked.path("body").path("messages").size());
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void cliIsAskedAndAnswers() throws IOException {
        traces.traced().cli(new FakeCli(temporary).settings(0, 1)).start();
        traces.server.post(Api.CHAT.path, Api.CHAT.stream("play[start;texts 3 word.;stop]"));
        Path trace = traces.trace(0);
        assertEquals(
                "sdk",
                TracedRequests.json(trace, "upstream-request.json").path("backend").asString());
        assertEquals("message_stop", TracedRequests.events(trace, "upstream.jsonl").getLast());
        TracedRequests.assertEnded(trace, 200, "whole", "");
    }
}
