package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ccproxy.observe.MetricsText;
import ccproxy.observe.ParsedMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `GET /metrics` of a live server after mixed traffic: what it says is what was asked.
@Timeout(60)
class MetricsHandlerTest {
    private FakeUpstream upstream;
    private TestServer server;

    /// Says what its prompt tells it to.
    @BeforeEach
    void start() throws IOException {
        upstream =
                FakeUpstream.of(c -> {
                    String asked = c.request.body();
                    if (asked.contains("overloaded")) {
                        c.json(
                                529,
                                "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}");
                    } else if (asked.contains("\"stream\":true")) {
                        c.stream();
                        c.chunk(FakeUpstream.START);
                        c.text("first");
                        if (asked.contains("wait")) c.await();
                        c.chunk(FakeUpstream.END);
                    } else {
                        c.json(200, FakeUpstream.MESSAGE);
                    }
                });
        server = new TestServer().upstream(upstream.url()).pingMillis(100);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        upstream.close();
    }

    private String text() {
        var answer = server.get("/metrics");
        assertEquals(200, answer.statusCode());
        assertEquals(
                MetricsText.CONTENT_TYPE, answer.headers().firstValue("content-type").orElse(""));
        return answer.body();
    }

    /// @return how many requests have ended
    private int mixedTraffic() throws IOException {
        for (Api api : Api.values()) {
            for (int i = 0; i < 3; i++) server.post(api.path, api.body("hi"));
            for (int i = 0; i < 2; i++) server.post("/s1" + api.path, api.stream("hi"));
            server.post(api.path, api.body("overloaded"));
            server.post(api.path, "{");
        }
        for (int i = 0; i < 60; i++) {
            String other = Api.CHAT.request("hi", false).put("model", "m\"" + i).toString();
            server.post("/echo" + Api.CHAT.path, other);
        }
        server.get("/nothing");
        RawClient client = server.raw().post(Api.CHAT.path, Api.CHAT.stream("wait"));
        client.readUntil("first");
        client.reset();
        int ended = 2 * 7 + 60 + 2;
        server.log().requestLines(ended);
        return ended;
    }

    @Test
    void countsAreThoseOfTheRequestsMade() throws IOException {
        server.start();
        int ended = mixedTraffic();
        var seen = new ParsedMetrics(text());
        String requests = "ccproxy_http_requests_total{route=";
        assertEquals(ended, seen.sum(requests));
        assertEquals(ended, seen.sum("ccproxy_http_request_duration_seconds_count"));
        assertEquals(3, seen.value(requests + "\"/v1/messages\",status=\"200\"}"));
        assertEquals(2, seen.value(requests + "\"/{session_id}/v1/messages\",status=\"200\"}"));
        assertEquals(1, seen.value(requests + "\"/v1/messages\",status=\"529\"}"));
        assertEquals(1, seen.value(requests + "\"/v1/messages\",status=\"400\"}"));
        assertEquals(1, seen.value(requests + "\"/v1/chat/completions\",status=\"499\"}"));
        assertEquals(1, seen.value(requests + "\"unknown\",status=\"404\"}"));
        String model = "{backend=\"api\",model=\"claude-sonnet-5\"";
        // Ten whole answers of three and two tokens; of the one that was left the end did not come.
        assertEquals(33, seen.value("ccproxy_tokens_total" + model + ",direction=\"input\"}"));
        assertEquals(21, seen.value("ccproxy_tokens_total" + model + ",direction=\"output\"}"));
        assertEquals(
                (33 * 2 + 21 * 10) / 1e6,
                seen.value("ccproxy_cost_usd_total" + model + "}"),
                1e-12);
        assertEquals(11, seen.value("ccproxy_first_token_seconds_count" + model + "}"));
        // Four streams of six events, and one of three.
        assertEquals(4 * 5 + 2, seen.value("ccproxy_inter_event_seconds_count" + model + "}"));
        assertEquals(51, seen.count("ccproxy_first_token_seconds_count{backend=\"echo\""));
        assertEquals(0, seen.count("ccproxy_cost_usd_total{backend=\"echo\""));
        String upstream = "ccproxy_upstream_responses_total{backend=\"api\",status=";
        assertEquals(11, seen.value(upstream + "\"200\"}"));
        assertEquals(2, seen.value(upstream + "\"529\"}"));
        assertEquals(
                4,
                seen.value("ccproxy_queue_wait_seconds_count{queue=\"session\",backend=\"api\"}"));
        assertEquals(1, seen.value("ccproxy_sessions{state=\"idle\"}"));
        assertEquals(0, seen.value("ccproxy_sessions{state=\"busy\"}"));
        assertEquals(0, seen.value("ccproxy_streams_open"));
        assertEquals(1, seen.value("ccproxy_http_requests_running"));
        assertTrue(seen.value("jvm_memory_used_bytes{area=\"heap\"}") > 0);
        assertTrue(seen.value("jvm_memory_used_bytes{area=\"nonheap\"}") > 0);
        assertTrue(seen.value("jvm_threads") > 0);
        assertTrue(seen.sum("jvm_gc_collections_total") >= 0);
        assertTrue(seen.value("process_uptime_seconds") > 0);
    }

    /// What Prometheus' own tool says of it, where that is installed.
    @Test
    void promtoolHasNothingToSay() throws Exception {
        server.start();
        mixedTraffic();
        Process promtool;
        try {
            promtool =
                    new ProcessBuilder("promtool", "check", "metrics")
                            .redirectErrorStream(true)
                            .start();
        } catch (IOException _) {
            assumeTrue(false, "promtool is not installed");
            return;
        }
        try (var in = promtool.getOutputStream()) {
            in.write(text().getBytes(StandardCharsets.UTF_8));
        }
        String said = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(promtool.waitFor(20, TimeUnit.SECONDS));
        assertEquals("", said);
        assertEquals(0, promtool.exitValue());
    }

    @Test
    void whatRunsIsSeen() throws IOException {
        server.start();
        RawClient client = server.raw().post("/s1" + Api.CHAT.path, Api.CHAT.stream("wait"));
        client.readUntil("first");
        var seen = new ParsedMetrics(text());
        assertEquals(2, seen.value("ccproxy_http_requests_running"));
        assertEquals(1, seen.value("ccproxy_streams_open"));
        assertEquals(1, seen.value("ccproxy_sessions{state=\"busy\"}"));
        assertEquals(1, seen.value("ccproxy_upstream_connections"));
        upstream.connection(0).go();
        client.readUntil("[DONE]");
    }

    @Test
    void upstreamThatCannotBeReachedAnsweredNothing() {
        server.upstream("http://127.0.0.1:1").start();
        server.post(Api.CHAT.path, Api.CHAT.body("hi"));
        assertEquals(
                1,
                new ParsedMetrics(text())
                        .value(
                                "ccproxy_upstream_responses_total{backend=\"api\",status=\"none\"}"));
    }

    @Test
    void tokenIsAskedFor() {
        server.token("secret").start();
        assertEquals(401, server.get("/metrics").statusCode());
        assertEquals(200, server.get("/metrics", "authorization", "Bearer secret").statusCode());
        assertEquals(405, server.post("/metrics", "{}", "x-api-key", "secret").statusCode());
        assertEquals(401, server.get("/usage").statusCode());
    }
}
