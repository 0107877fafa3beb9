package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// What requests cost: in the log, in the ledger, and asked for.
@Timeout(60)
class UsageHandlerTest {
    private static final String COUNTED =
            """
            {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[{"type":"text","text":"Good day"}],"stop_reason":"end_turn","stop_sequence":null,\
            "usage":{"input_tokens":100,"output_tokens":10,"cache_read_input_tokens":300,"cache_creation_input_tokens":100,\
            "cache_creation":{"ephemeral_5m_input_tokens":40,"ephemeral_1h_input_tokens":60},"server_tool_use":{"web_search_requests":1}}}\
            """;

    /// Dollars.
    private static final double COST =
            (100 * 3 + 10 * 15 + 300 * 0.3 + 40 * 3.75 + 60 * 6) / 1e6 + 0.01;

    @TempDir Path folder;
    private FakeUpstream upstream;
    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        upstream =
                FakeUpstream.of(c -> {
                    if (c.request.body().contains("wait")) c.await();
                    if (c.request.body().contains("cut")) {
                        c.stream();
                        c.chunk(FakeUpstream.START);
                        c.text("first");
                    } else {
                        c.json(200, COUNTED);
                    }
                });
        server =
                new TestServer()
                        .upstream(upstream.url())
                        .ledger(folder.resolve("usage"))
                        .pingMillis(100)
                        .start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        upstream.close();
    }

    private static String body(Api api, String text) {
        return api.request(text, false).put("model", "claude-sonnet-4-6").toString();
    }

    private JsonNode usage(String query) {
        var answer = server.get("/usage" + query);
        assertEquals(200, answer.statusCode(), answer.body());
        return Json.tree(answer.body());
    }

    private void awaitRequests(int count) {
        Eventually.isTrue(
                "written " + count,
                () -> usage("").path("total").path("requests").asInt() >= count);
    }

    @ParameterizedTest
    @EnumSource
    void costIsInTheLogAndTheLedger(Api api) {
        server.post("/s1" + api.path, body(api, "hi"), "x-request-id", "costs-something");
        JsonNode line = server.log().requestLine("costs-something");
        assertEquals(COST, line.path("cost_usd").asDouble(), 1e-12);
        awaitRequests(1);
        JsonNode day = usage("?by=session").path("data").path(0);
        assertEquals("s1", day.path("session").asString());
        assertEquals(COST, day.path("cost_usd").asDouble(), 1e-12);
        assertEquals(0.6, day.path("cache_hit_share").asDouble());
    }

    @Test
    void everyRequestThatAskedAModelIsALineHoweverItEnded() throws Exception {
        server.post(Api.CHAT.path, body(Api.CHAT, "hi"));
        server.post(Api.MESSAGES.path, Api.MESSAGES.stream("cut"));
        server.post("/v1/messages/count_tokens", body(Api.MESSAGES, "hi"));
        server.post(Api.CHAT.path, "{");
        server.get("/v1/models");
        RawClient client = server.raw().post(Api.CHAT.path, Api.CHAT.stream("wait"));
        // The fifth that reached it: the broken body did not.
        upstream.connection(4);
        client.reset();
        awaitRequests(3);
        JsonNode total = usage("").path("total");
        assertEquals(1, total.path("errors").asInt());
        // Of the answer that was cut, what had been counted by then.
        assertEquals(103, total.path("input_tokens").asInt());
        String lines = Files.readString(onlyFile());
        assertTrue(lines.contains("\"status\":499"), lines);
        assertFalse(lines.contains("Good day"), lines);
    }

    private Path onlyFile() throws IOException {
        try (var files = Files.list(folder.resolve("usage"))) {
            return files.findFirst().orElseThrow();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    ?by=user       | by: expected day, model, session or key, found 'user'
                    ?since=7w      | since: expected a time such as 30m, 24h or 7d, or a day such as 2026-11-01, found '7w'
                    ?by            | by: expected day, model, session or key, found ''
                    ?buy=model     | query: expected by or since, found 'buy'
                    """)
    void wrongQuestionIsAnError(String query, String message) {
        var answer = server.get("/usage" + query);
        assertEquals(400, answer.statusCode());
        assertEquals(message, Json.tree(answer.body()).path("error").path("message").asString());
    }

    @Test
    void queryThatIsNotEncodedAsItMustIsAnError() throws IOException {
        RawClient client =
                server.raw().write("GET /usage?since=%25zz HTTP/1.1\r\nhost: localhost\r\n\r\n");
        assertEquals(400, client.answer().status());
    }

    @Test
    void noLedgerIsSaid() {
        try (var other = new TestServer().start()) {
            var answer = other.get("/usage");
            assertEquals(404, answer.statusCode());
            assertTrue(answer.body().contains("usage.keep_days"), answer.body());
        }
    }

    @Test
    void ledgerThatCannotBeReadIsOurFault() throws IOException {
        Files.createFile(folder.resolve("usage"));
        assertEquals(500, server.get("/usage").statusCode());
    }
}
