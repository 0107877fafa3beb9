package ccproxy.claude;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.wireMockConfig;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.SseEvent;
import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What comes of the upstream's answers, whatever they are.
class ApiAnswerTest {
    private static final WireMockServer UPSTREAM =
            new WireMockServer(wireMockConfig().dynamicPort().gzipDisabled(true));
    private static ApiClaude api;

    @BeforeAll
    static void start() {
        UPSTREAM.start();
        api = Answers.api(UPSTREAM.baseUrl());
    }

    @AfterAll
    static void stop() {
        api.close();
        UPSTREAM.stop();
    }

    private static void answer(ResponseDefinitionBuilder answer) {
        UPSTREAM.resetAll();
        UPSTREAM.stubFor(any(anyUrl()).willReturn(answer));
    }

    private static ResponseDefinitionBuilder stream(String body) {
        return aResponse()
                .withHeader("content-type", "text/event-stream; charset=utf-8")
                .withBody(body.getBytes(StandardCharsets.UTF_8));
    }

    private static ResponseDefinitionBuilder json(int status, String body) {
        return aResponse()
                .withStatus(status)
                .withHeader("content-type", "application/json")
                .withBody(body);
    }

    private static ApiException failure() {
        return assertThrows(ApiException.class, () -> Answers.all(api.ask(Answers.turn("hi"))));
    }

    private static byte[] zipped(byte[] plain) throws IOException {
        var zipped = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(zipped)) {
            out.write(plain);
        }
        return zipped.toByteArray();
    }

    @Test
    void everyByteOfEveryEventArrives() throws Exception {
        String odd =
                Answers.sse("北🙂")
                                .replace(
                                        "event: content_block_stop",
                                        """
                                        event:from_the_future
                                        id: 7
                                        retry:  10
                                        data:{"type":"from_the_future", "x" : [1 ,2]}

                                        event: two_lines
                                        data: {"type":"two_lines",
                                        data:   "y":1}

                                        event: content_block_stop\
                                        """)
                                .replace("\n\nevent: message_delta", "\r\n\r\nevent: message_delta")
                        + "";
        answer(stream(odd).withChunkedDribbleDelay(40, 200));
        assertEquals(odd, Answers.bytes(api.ask(Answers.turn("hi"))));
    }

    @Test
    void wholeAnswerArrivesByteForByte() throws Exception {
        String odd = "{ \"type\":\"message\",\n\"n\":1.50,\"new\":[ ], \"t\":\"\\u00e9\" }\n";
        answer(json(200, odd));
        List<SseEvent> events = Answers.all(api.ask(Answers.turn("hi")));
        assertEquals(1, events.size());
        assertEquals(SseEvent.WHOLE, events.getFirst().name());
        assertEquals(odd, Answers.bytes(events));
    }

    @Test
    void wholeAnswerThatDribblesArrivesByteForByte() throws Exception {
        String json = "{\"type\":\"message\",\"x\":\"" + "y".repeat(100_000) + "\"}";
        byte[] zipped = zipped(json.getBytes(StandardCharsets.UTF_8));
        answer(
                aResponse()
                        .withHeader("content-type", "application/json")
                        .withHeader("content-encoding", "gzip")
                        .withBody(zipped)
                        .withChunkedDribbleDelay(20, 100));
        assertEquals(json, Answers.bytes(api.ask(Answers.turn("hi"))));
    }

    @Test
    void zippedStreamArrivesPlain() throws Exception {
        String sse = Answers.sse("hello");
        answer(
                stream("")
                        .withHeader("content-encoding", "gzip")
                        .withBody(zipped(sse.getBytes(StandardCharsets.UTF_8)))
                        .withChunkedDribbleDelay(30, 100));
        assertEquals(sse, Answers.bytes(api.ask(Answers.turn("hi"))));
    }

    @Test
    void unknownEncodingIsNotPassedOn() {
        answer(json(200, "{}").withHeader("content-encoding", "br"));
        ApiException e = failure();
        assertEquals(ErrorKind.UNREACHABLE, e.kind());
        assertEquals(
                "the upstream does not speak the API: expected no content-encoding but gzip, found br",
                e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 402, 403, 404, 409, 413, 418, 429, 500, 502, 503, 504, 529})
    void upstreamErrorKeepsStatusBodyAndHeaders(int status) {
        String body =
                "{\"type\":\"error\",\"error\":{\"type\":\"custom_error\",\"message\":\"why\", \"new\":1},\"request_id\":\"req_9\"}";
        answer(
                json(status, body)
                        .withHeader("request-id", "req_9")
                        .withHeader("retry-after", "7")
                        .withHeader("x-should-retry", "true")
                        .withHeader("Anthropic-Ratelimit-Requests-Remaining", "0")
                        .withHeader("set-cookie", "secret=1"));
        ApiException e = failure();
        assertEquals(status, e.messagesStatus());
        assertArrayEquals(body.getBytes(StandardCharsets.UTF_8), e.messagesBody("ours"));
        assertEquals("why", e.getMessage());
        assertEquals(List.of("req_9"), e.headers().get("request-id"));
        assertEquals(List.of("7"), e.headers().get("retry-after"));
        assertEquals(
                Set.of(
                        "request-id",
                        "retry-after",
                        "x-should-retry",
                        "anthropic-ratelimit-requests-remaining"),
                e.headers().keySet());
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 404, 407, 500, 502, 503})
    void errorPageKeepsItsStatusButNotItsText(int status) {
        answer(
                aResponse()
                        .withStatus(status)
                        .withHeader("content-type", "text/html")
                        .withBody("<html>nginx secret</html>"));
        ApiException e = failure();
        assertEquals(status, e.messagesStatus());
        assertEquals("the upstream answered with status " + status, e.getMessage());
        assertFalse(
                new String(e.messagesBody(""), StandardCharsets.UTF_8).contains("nginx"),
                "the page's text is shown");
    }

    @Test
    void errorWithoutBodyKeepsItsStatus() {
        answer(aResponse().withStatus(503));
        assertEquals(503, failure().messagesStatus());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not json", "[1]", "{\"cut\":", "\"text\""})
    void wholeAnswerThatIsNoObjectIsABadGateway(String body) {
        answer(json(200, body));
        ApiException e = failure();
        assertEquals(ErrorKind.UNREACHABLE, e.kind());
        assertEquals(502, e.messagesStatus());
        assertEquals(
                "the upstream does not speak the API: expected a JSON object, found something else",
                e.getMessage());
    }

    @Test
    void pageWithStatus200IsABadGateway() {
        answer(
                aResponse()
                        .withHeader("content-type", "text/html; charset=utf-8")
                        .withBody("<html>login</html>"));
        ApiException e = failure();
        assertEquals(ErrorKind.UNREACHABLE, e.kind());
        assertEquals(
                "the upstream does not speak the API: expected application/json, found text/html; charset=utf-8",
                e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 301, 302})
    void statusThatIsNoAnswerIsABadGateway(int status) {
        answer(aResponse().withStatus(status).withHeader("location", "/elsewhere"));
        ApiException e = failure();
        assertEquals(502, e.messagesStatus());
        assertEquals(
                "the upstream does not speak the API: expected status 200, found " + status,
                e.getMessage());
    }

    @Test
    void errorEventEndsTheStream() throws Exception {
        String error =
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
        answer(stream(error));
        assertEquals(error, Answers.bytes(api.ask(Answers.turn("hi"))));
        String start = Answers.sse("x").substring(0, Answers.sse("x").indexOf("event: content"));
        answer(stream(start + error + Answers.sse("never read")));
        assertEquals(start + error, Answers.bytes(api.ask(Answers.turn("hi"))));
    }

    @Test
    void eventsAfterTheEndAreNotRead() throws Exception {
        answer(stream(Answers.sse("one") + Answers.sse("two")));
        assertEquals(Answers.sse("one"), Answers.bytes(api.ask(Answers.turn("hi"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"event: message_stop", "event: content_block_delta", "event: "})
    void streamWithoutItsLastEventIsIncomplete(String cut) {
        String sse = Answers.sse("hello");
        answer(stream(sse.substring(0, sse.indexOf(cut))));
        ApiException e = failure();
        assertEquals(ErrorKind.INCOMPLETE, e.kind());
        assertEquals("the upstream's stream broke off before its end", e.getMessage());
    }

    @Test
    void headersOfTheUpstreamAreKnownWithTheFirstEvent() throws Exception {
        answer(
                stream(Answers.sse("hello"))
                        .withHeader("request-id", "req_1")
                        .withHeader("server", "x"));
        try (EventStream events = api.ask(Answers.turn("hi"))) {
            Answers.event(events);
            assertEquals(Set.of("request-id"), events.headers().keySet());
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void brokenConnectionIsABadGateway(Fault fault) {
        answer(aResponse().withFault(fault));
        ApiException e = failure();
        assertEquals(502, e.messagesStatus());
        assertFalse(e.getMessage().contains("java"), e.getMessage());
    }

    @Test
    void nobodyThereIsABadGateway() throws Exception {
        var closed = new RawUpstream(_ -> {});
        closed.close();
        for (String base : List.of(closed.url(), "http://nowhere.invalid")) {
            try (var alone = Answers.api(base)) {
                var e =
                        assertThrows(
                                ApiException.class,
                                () -> Answers.all(alone.ask(Answers.turn("hi"))));
                assertEquals(ErrorKind.UNREACHABLE, e.kind());
                assertEquals("the upstream cannot be reached", e.getMessage());
            }
        }
    }

    @Test
    void longWholeAnswerComesAsEvents() throws Exception {
        answer(stream(Answers.sse("long")));
        var request =
                Answers.request(
                        "{\"model\":\"m\",\"max_tokens\":99999,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertEquals("long", Answers.text(api.ask(Answers.turn(request))));
    }

    @Test
    void askingWaitsForTheFirstNext() throws Exception {
        answer(stream(Answers.sse("x")));
        EventStream unread = api.ask(Answers.turn("hi"));
        assertFalse(unread.isReady());
        unread.close();
        assertEquals(0, UPSTREAM.getAllServeEvents().size());
        assertThrows(ApiException.class, () -> unread.next(Answers.WAIT));
        assertEquals(0, UPSTREAM.getAllServeEvents().size());
    }

    @Test
    void endStaysTheEnd() throws Exception {
        answer(stream(Answers.sse("x")));
        EventStream events = api.ask(Answers.turn("hi"));
        Answers.all(events);
        assertInstanceOf(EventStream.Next.End.class, events.next(Answers.WAIT));
        events.close();
    }
}
