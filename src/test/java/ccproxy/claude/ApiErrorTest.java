package ccproxy.claude;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import com.github.tomakehurst.wiremock.http.Fault;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a client is told of an upstream that failed.
class ApiErrorTest extends PlayedUpstream {
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
    @ValueSource(
            strings = {
                "",
                "not json",
                "[1]",
                "{\"cut\":",
                "\"text\"",
                "{\"id\":1,\"id\":2}",
                "{\"content\":[{\"cut\":}]}",
                "{\"content\":[]}x"
            })
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

    @ParameterizedTest
    @ValueSource(strings = {"event: message_stop", "event: content_block_delta", "event: "})
    void streamWithoutItsLastEventIsIncomplete(String cut) {
        String sse = Answers.sse("hello");
        answer(stream(sse.substring(0, sse.indexOf(cut))));
        ApiException e = failure();
        assertEquals(ErrorKind.INCOMPLETE, e.kind());
        assertEquals("the upstream's stream broke off before its end", e.getMessage());
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void brokenConnectionIsABadGateway(Fault fault) {
        answer(aResponse().withFault(fault));
        ApiException e = failure();
        assertEquals(502, e.messagesStatus());
        assertTrue(e.getMessage().startsWith("the upstream"), e.getMessage());
        assertFalse(e.getMessage().matches(".*(java|sun|Exception).*"), e.getMessage());
    }

    @Test
    void nobodyThereIsABadGateway() throws Exception {
        try (var deaf = new Socket()) {
            deaf.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            assertUnreachable("http://127.0.0.1:" + deaf.getLocalPort(), "Connection refused");
        }
        // What else a resolver says of a name is its own.
        assertUnreachable("http://nowhere.invalid", "nowhere");
    }

    private static void assertUnreachable(String base, String reason) {
        try (var alone = Answers.api(base)) {
            ApiException e = Answers.failure(alone.ask(Answers.turn("hi")));
            assertEquals(ErrorKind.UNREACHABLE, e.kind());
            String said = "the upstream cannot be reached: " + reason;
            assertTrue(e.getMessage().startsWith(said), e.getMessage());
        }
    }
}
