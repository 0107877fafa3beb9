package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/// What a client of a streamed answer gets, and when.
class StreamsTest {
    private static final String OVERLOADED =
            "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}";

    @ParameterizedTest
    @EnumSource
    void headWaitsForTheFirstEvent(Api api) throws Exception {
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            c.await();
                            c.chunk(FakeUpstream.START + FakeUpstream.END);
                        });
                var server = new TestServer().upstream(upstream.url()).start();
                RawClient client = server.raw()) {
            client.post(api.path, api.stream("x"));
            var connection = upstream.connection(0);
            client.socket().setSoTimeout(150);
            org.junit.jupiter.api.Assertions.assertThrows(
                    java.net.SocketTimeoutException.class, () -> client.readUntil("HTTP"));
            client.socket().setSoTimeout(10_000);
            connection.go();
            assertEquals(200, client.answer().status());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "CHAT, 429, rate_limit_error, 429", "MESSAGES, 429, rate_limit_error, 429",
        "CHAT, 529, overloaded_error, 503", "MESSAGES, 529, overloaded_error, 529",
        "CHAT, 401, authentication_error, 401", "MESSAGES, 401, authentication_error, 401",
        "CHAT, 400, invalid_request_error, 400", "MESSAGES, 400, invalid_request_error, 400",
        "CHAT, 500, api_error, 500", "MESSAGES, 500, api_error, 500"
    })
    void errorBeforeTheFirstEventHasItsStatus(Api api, int status, String type, int expected) {
        String script =
                "/echo {\"error\":{\"status\":%d,\"type\":\"%s\",\"message\":\"told so\"}}"
                        .formatted(status, type);
        try (var server = new TestServer().start()) {
            for (String body : new String[] {api.stream(script), api.body(script)}) {
                var answer = server.post(api.path, body);
                assertEquals(expected, answer.statusCode());
                assertEquals("told so", api.error(answer.body()));
                assertEquals(
                        "application/json", answer.headers().firstValue("content-type").orElse(""));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void errorThatIsTheFirstEventHasItsStatus(Api api) throws IOException {
        String error = "event: error\ndata: " + OVERLOADED + "\n\n";
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            c.chunk(error);
                        });
                var server = new TestServer().upstream(upstream.url()).start()) {
            var answer = server.post(api.path, api.stream("x"));
            assertEquals(api == Api.CHAT ? 503 : 529, answer.statusCode());
            assertEquals("Overloaded", api.error(answer.body()));
        }
    }

    @ParameterizedTest
    @CsvSource({"CHAT, first_delay_ms", "MESSAGES, first_delay_ms"})
    void silenceBeforeTheFirstEventIsBrokenByPings(Api api, String delay) {
        String script = "/echo {\"text\":\"at last\",\"" + delay + "\":1000}";
        try (var server = new TestServer().pingMillis(100).start()) {
            var answer = server.post(api.path, api.stream(script));
            assertEquals(200, answer.statusCode());
            assertTrue(api.pings(answer.body()) >= 2, answer.body());
            assertEquals("at last", api.streamedText(answer.body()));
            assertTrue(api.isWhole(answer.body()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void silenceBetweenEventsIsBrokenByPings(Api api) {
        String script = "/echo {\"text\":\"one two\",\"delta_delay_ms\":350}";
        try (var server = new TestServer().pingMillis(20).start()) {
            String body = server.post(api.path, api.stream(script)).body();
            assertTrue(api.pings(body) >= 4, body);
            int one = body.indexOf("one ");
            int two = body.indexOf("two");
            assertTrue(api.pings(body.substring(one, two)) >= 1, body);
            assertEquals("one two", api.streamedText(body));
            assertTrue(api.isWhole(body));
        }
    }

    @ParameterizedTest
    @EnumSource
    void streamWithoutSilenceHasNoPing(Api api) {
        try (var server = new TestServer().start()) {
            String body = server.post(api.path, api.stream("one two three")).body();
            assertEquals(0, api.pings(body));
        }
    }

    @ParameterizedTest
    @EnumSource
    void pingsOfTheUpstreamReachTheClientAndNothingTimesOut(Api api) throws IOException {
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            c.chunk(FakeUpstream.START);
                            for (int i = 0; i < 8; i++) {
                                c.isLeftWithinMillis(100);
                                c.chunk("event: ping\ndata: {\"type\": \"ping\"}\n\n");
                            }
                            c.text("done");
                            c.chunk(FakeUpstream.END);
                        });
                var server =
                        new TestServer()
                                .upstream(upstream.url())
                                .timeoutMillis(5000, 400)
                                .pingMillis(200)
                                .start()) {
            String body = server.post(api.path, api.stream("x")).body();
            assertEquals("done", api.streamedText(body));
            assertTrue(api.pings(body) >= (api == Api.CHAT ? 1 : 8), body);
            assertTrue(api.isWhole(body));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "CHAT,     '\"error_after\":2'", "MESSAGES, '\"error_after\":2'",
        "CHAT,     '\"cut_after\":2'", "MESSAGES, '\"cut_after\":2'"
    })
    void failureAfterTheFirstWordsLooksLikeOne(Api api, String how) {
        String script = "/echo {\"text\":\"one two three four\"," + how + "}";
        boolean isCut = how.contains("cut");
        try (var server = new TestServer().start()) {
            var answer = server.post(api.path, api.stream(script), "x-request-id", "failing-1");
            assertEquals(200, answer.statusCode());
            String body = answer.body();
            assertEquals("one two ", api.streamedText(body));
            fails(api, body, isCut ? "the stream ended without message_stop" : "Overloaded");
            JsonNode line = server.log().requestLine("failing-1");
            assertEquals(200, line.path("status").asInt());
            String logged = line.path("error").asString("");
            assertEquals(isCut ? "the stream ended without message_stop" : "Overloaded", logged);
        }
    }

    @ParameterizedTest
    @EnumSource
    void failureOfAnAnswerWantedWholeHasItsStatus(Api api) {
        try (var server = new TestServer().start()) {
            var answer =
                    server.post(api.path, api.body("/echo {\"text\":\"a b c\",\"error_after\":2}"));
            assertEquals(api == Api.CHAT ? 503 : 529, answer.statusCode());
            answer = server.post(api.path, api.body("/echo {\"text\":\"a b c\",\"cut_after\":2}"));
            assertEquals(502, answer.statusCode());
            api.error(answer.body());
        }
    }

    @ParameterizedTest
    @EnumSource
    void upstreamThatHangsUpIsAFailure(Api api) throws IOException {
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            c.chunk(FakeUpstream.START);
                            c.text("half");
                            throw new IOException("hang up");
                        });
                var server = new TestServer().upstream(upstream.url()).start()) {
            var answer = server.post(api.path, api.stream("x"), "x-request-id", "hung-up-1");
            assertEquals("half", api.streamedText(answer.body()));
            fails(api, answer.body(), "the upstream's stream broke off before its end");
            assertTrue(server.log().requestLine("hung-up-1").path("error").isString());
        }
    }

    @Test
    void upstreamThatSpeaksNonsenseIsAFailureOfTheUpstream() throws IOException {
        String nonsense = "event: message_delta\ndata: {not json\n\n";
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            c.chunk(FakeUpstream.START + nonsense + FakeUpstream.END);
                        });
                var server = new TestServer().upstream(upstream.url()).start()) {
            String message = "the upstream sent an event that cannot be read";
            for (Api api : Api.values()) {
                var answer = server.post(api.path, api.body("x"));
                assertEquals(502, answer.statusCode(), answer.body());
                assertEquals(message, api.error(answer.body()));
            }
            fails(Api.CHAT, server.post(Api.CHAT.path, Api.CHAT.stream("x")).body(), message);
            assertFalse(server.log().text().contains("internal error"), server.log().text());
        }
    }

    @ParameterizedTest
    @EnumSource
    void wholeAnswerToAStreamedQuestionIsAFailureOfTheUpstream(Api api) throws IOException {
        try (var upstream = FakeUpstream.of(c -> c.json(200, FakeUpstream.MESSAGE));
                var server = new TestServer().upstream(upstream.url()).start()) {
            var answer = server.post(api.path, api.stream("x"));
            assertEquals(502, answer.statusCode(), answer.body());
            assertTrue(api.error(answer.body()).contains("found application/json"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void upstreamThatFallsSilentIsAFailure(Api api) throws Exception {
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            c.chunk(FakeUpstream.START);
                            c.await();
                        });
                var server =
                        new TestServer()
                                .upstream(upstream.url())
                                .timeoutMillis(5000, 300)
                                .start()) {
            var answer = server.post(api.path, api.stream("x"));
            fails(api, answer.body(), "the upstream was silent for 300 ms");
            assertTrue(upstream.connection(0).isLeftWithinMillis(1000));
        }
    }

    @ParameterizedTest
    @EnumSource
    void upstreamThatNeverBeginsIsATimeout(Api api) throws Exception {
        try (var upstream = FakeUpstream.of(c -> c.await());
                var server =
                        new TestServer().upstream(upstream.url()).timeoutMillis(200, 200).start()) {
            for (String body : new String[] {api.stream("x"), api.body("x")}) {
                var answer = server.post(api.path, body);
                assertEquals(504, answer.statusCode());
                assertEquals("the upstream was silent for 200 ms", api.error(answer.body()));
            }
            assertTrue(upstream.connection(1).isLeftWithinMillis(1000));
        }
    }

    @ParameterizedTest
    @EnumSource
    void passthroughKeepsEveryByte(Api api) throws IOException {
        if (api == Api.CHAT) return;
        String odd =
                """
                event: content_block_delta
                data: {"type":"content_block_delta","index":0,"delta":{"type":"odd_delta","x":1.50},"later":[1e2]}

                event: news_of_tomorrow
                data: {"type":"news_of_tomorrow",   "deep":{"a":null}}

                """;
        String all =
                FakeUpstream.START + odd + FakeUpstream.Connection.delta("北🙂") + FakeUpstream.END;
        try (var upstream =
                        FakeUpstream.of(c -> {
                            c.stream();
                            c.chunk(all);
                        });
                var server = new TestServer().upstream(upstream.url()).start()) {
            assertEquals(all, server.post(api.path, api.stream("x")).body());
        }
    }

    @ParameterizedTest
    @EnumSource
    void connectionServesOnAfterAnErrorAStreamAndAFailedStream(Api api) throws IOException {
        String failing = "/echo {\"text\":\"one two\",\"error_after\":1}";
        try (var server = new TestServer().start();
                RawClient client = server.raw()) {
            assertEquals(400, client.post(api.path, "{").answer().status());
            assertEquals(200, client.post(api.path, api.stream("a b")).answer().status());
            assertEquals(200, client.post(api.path, api.stream(failing)).answer().status());
            assertEquals(404, client.post("/nothing", "").answer().status());
            var last = client.post(api.path, api.body("still here")).answer();
            assertEquals("still here", api.text(last.body()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void requestsSentWithoutWaitingAreAnsweredInTheirOrder(Api api) throws IOException {
        try (var server = new TestServer().start();
                RawClient client = server.raw()) {
            String slow = api.stream("/echo {\"text\":\"first\",\"first_delay_ms\":100}");
            client.post(api.path, slow).post(api.path, "[]").post(api.path, api.body("third"));
            assertEquals("first", api.streamedText(client.answer().body()));
            assertEquals(400, client.answer().status());
            assertEquals("third", api.text(client.answer().body()));
        }
    }

    private static void fails(Api api, String body, String message) {
        assertFalse(api.isWhole(body), body);
        assertFalse(body.contains("\"finish_reason\":\""), body);
        assertFalse(body.contains("message_delta"), body);
        String last = body.stripTrailing().substring(body.stripTrailing().lastIndexOf("\n\n") + 2);
        if (api == Api.MESSAGES) assertTrue(last.startsWith("event: error\n"), last);
        else assertTrue(last.startsWith("data: {\"error\":"), last);
        JsonNode error = Json.tree(last.substring(last.indexOf("data: ") + 6)).path("error");
        assertEquals(message, error.path("message").asString());
    }
}
