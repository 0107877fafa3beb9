package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The catalog learns from the upstream, which may be away, and the backends that hold both.
@Timeout(20)
class ModelRefreshTest {
    private static final String LIST =
            "{\"data\":[{\"id\":\"claude-new-9\",\"max_tokens\":77}],\"has_more\":false}";

    private static ClaudeSettings settings(RawUpstream upstream, String key) {
        return Answers.settings(
                upstream.url(), key, "", true, Duration.ofSeconds(5), Duration.ofSeconds(5));
    }

    private static void awaitLearned(ModelCatalog catalog) {
        while (catalog.rules("claude-new-9").tokensMax() != 77) Thread.onSpinWait();
    }

    @Test
    void failureIsSurvivedAndTheNextListLearned() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            c.request();
                            switch (c.number()) {
                                case 0 ->
                                        c.write(
                                                "HTTP/1.1 529 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                                case 1 -> c.json("{\"data\":5}");
                                default -> c.json(LIST);
                            }
                        });
                var api = Answers.api(settings(upstream, "key"))) {
            var catalog = new ModelCatalog(ModelMapping.NONE);
            Thread thread =
                    Thread.ofVirtual().start(new ModelRefresh(api, catalog, Duration.ofMillis(5)));
            awaitLearned(catalog);
            thread.interrupt();
            thread.join();
            String request = upstream.requests().getFirst();
            assertTrue(request.startsWith("GET /v1/models?limit=1000 "), request);
            assertTrue(request.contains("x-api-key: key"), request);
        }
    }

    @Test
    void backendsWithAKeyLearnWhatTheUpstreamTells() throws Exception {
        try (var upstream =
                        new RawUpstream(c -> {
                            while (!c.request().isEmpty()) c.json(LIST);
                        });
                var backends = Backends.open(settings(upstream, "key"), Map.of())) {
            awaitLearned(backends.catalog());
            assertEquals("api", backends.name());
            assertEquals("", backends.advice());
        }
    }

    @Test
    void closedBackendsAskNoMore() throws Exception {
        var isAsked = new CountDownLatch(1);
        var isClosed = new CountDownLatch(1);
        try (var upstream =
                new RawUpstream(c -> {
                    c.request();
                    isAsked.countDown();
                    if (c.isClosedByClient()) isClosed.countDown();
                })) {
            var backends = Backends.open(settings(upstream, "key"), Map.of());
            RawUpstream.await(isAsked);
            backends.close();
            RawUpstream.await(isClosed);
        }
    }

    @Test
    void backendsWithoutAKeyAskNobodyAndEcho() throws IOException, InterruptedException {
        try (var upstream = new RawUpstream(_ -> {});
                var backends = Backends.open(settings(upstream, ""), Map.of())) {
            assertEquals("echo", backends.name());
            assertFalse(backends.advice().isEmpty());
            assertEquals("2023-06-01", backends.chatVersion());
            assertEquals("[sdk, api, echo]", backends.byName().keySet().toString());
            assertTrue(backends.thinking().of("unknown").isEmpty());
            assertEquals("hi", Answers.text(backends.byName().get("echo").ask(Answers.turn("hi"))));
            assertEquals(0, upstream.connections());
            var out = new StringBuilder();
            new OneQuestion("default", "", "what").ask(backends, out::append);
            assertEquals("what", out.toString());
        }
    }

    @Test
    void questionIsAskedOfAServer() throws Exception {
        try (var server =
                new RawUpstream(c -> {
                    c.request();
                    c.head();
                    c.chunk(Answers.sse("an answer"));
                    c.end();
                })) {
            var out = new StringBuilder();
            new OneQuestion("opus", "s1", "what")
                    .ask(
                            new OwnServer(java.net.URI.create(server.url()), "token", List.of()),
                            settings(server, ""),
                            out::append);
            assertEquals("an answer", out.toString());
            String request = server.requests().getFirst();
            assertTrue(request.startsWith("POST /s1/v1/messages "), request);
            assertTrue(request.contains("x-api-key: token"), request);
            assertTrue(request.contains("\"model\":\"opus\""), request);
        }
    }
}
