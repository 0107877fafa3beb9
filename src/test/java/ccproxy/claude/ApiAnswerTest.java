package ccproxy.claude;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.SseEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/// What comes of the upstream's answers.
class ApiAnswerTest extends PlayedUpstream {
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
    void zippedStreamThatIsCutOrBrokenIsIncomplete() throws Exception {
        byte[] zipped = zipped(Answers.sse("hello").getBytes(StandardCharsets.UTF_8));
        byte[] broken = zipped.clone();
        // The first block has no such type.
        broken[10] |= 6;
        for (byte[] body : List.of(Arrays.copyOf(zipped, zipped.length / 2), broken)) {
            answer(stream("").withHeader("content-encoding", "gzip").withBody(body));
            assertEquals(ErrorKind.INCOMPLETE, failure().kind());
        }
    }

    @Test
    void bodyThatIsNotZippedAsItSaysIsRefused() {
        answer(stream(Answers.sse("x")).withHeader("content-encoding", "gzip"));
        assertEquals(ErrorKind.UNREACHABLE, failure().kind());
        answer(json(200, "{\"type\":\"message\"}").withHeader("content-encoding", "gzip"));
        assertEquals(ErrorKind.UNREACHABLE, failure().kind());
    }

    @Test
    void answerWithoutABodyIsForeign() {
        answer(aResponse().withStatus(204));
        assertEquals(
                "the upstream does not speak the API: expected status 200, found 204",
                failure().getMessage());
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
        assertEquals(0, requests());
        assertThrows(ApiException.class, () -> unread.next(Answers.WAIT));
        assertEquals(0, requests());
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
