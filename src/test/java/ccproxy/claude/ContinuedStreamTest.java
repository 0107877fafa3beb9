package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.wire.ApiException;
import ccproxy.wire.Json;
import ccproxy.wire.SseEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class ContinuedStreamTest {
    private static final Duration LOOK = Duration.ofMillis(20);

    private final StubClaude inner = new StubClaude();

    private static String part(String text, String stopReason) {
        return Answers.sse(text)
                .replace("\"end_turn\"", "\"" + stopReason + "\"")
                .replace(
                        "{\"output_tokens\":2}",
                        "{\"output_tokens\":2,\"server_tool_use\":{\"web_search_requests\":1},\"service_tier\":\"standard\"}");
    }

    private EventStream ask() {
        var request =
                Answers.request(
                        """
                        {"model":"m","max_tokens":9,"stream":true,"tools":[{"type":"web_search_1","name":"web_search"}],"messages":[{"role":"user","content":"hi"}]}\
                        """);
        return new ContinuedStream(new Turn(request, "", ClientHeaders.NONE, true), inner::ask);
    }

    /// A stream whose upstream pauses `pauses` times.
    private ObjectNode answer(int pauses) throws InterruptedException {
        var parts = new AtomicInteger();
        var stream =
                new ContinuedStream(
                        Answers.turn("hi"),
                        turn -> {
                            int number = parts.getAndIncrement();
                            var answer = (StubClaude.Answer) inner.ask(turn);
                            return answer.tell(
                                            part(
                                                    "part " + number,
                                                    number < pauses ? "pause_turn" : "end_turn"))
                                    .end();
                        });
        return Answers.message(stream);
    }

    @Test
    void answerWithoutAPauseIsAsItCame() throws Exception {
        EventStream stream = ask();
        inner.last().tell(part("whole", "end_turn")).end();
        assertEquals(part("whole", "end_turn"), Answers.bytes(stream));
        assertEquals(1, inner.turns.size());
    }

    @Test
    void pausedAnswerGoesOnAsOne() throws Exception {
        ObjectNode message = answer(1);
        assertEquals("end_turn", message.path("stop_reason").asString());
        assertEquals("part 0", message.path("content").path(0).path("text").asString());
        assertEquals("part 1", message.path("content").path(1).path("text").asString());
        assertEquals(2, message.path("content").size());
        JsonNode usage = message.path("usage");
        assertEquals(6, usage.path("input_tokens").asInt());
        assertEquals(4, usage.path("output_tokens").asInt());
        assertEquals(2, usage.path("server_tool_use").path("web_search_requests").asInt());
        assertEquals("standard", usage.path("service_tier").asString());
        JsonNode sentBack = Json.tree(inner.body()).path("messages");
        assertEquals(2, sentBack.size());
        assertEquals("assistant", sentBack.path(1).path("role").asString());
        assertEquals("part 0", sentBack.path(1).path("content").path(0).path("text").asString());
        assertTrue(inner.answers.getFirst().isClosed);
    }

    @Test
    void onlyOneMessageBeginsAndEnds() throws Exception {
        EventStream stream = ask();
        inner.last().tell(part("a", "pause_turn")).end();
        for (int i = 0; i < 4; i++) Answers.event(stream);
        assertInstanceOf(Next.Quiet.class, stream.next(LOOK));
        inner.last().tell(part("b", "end_turn")).end();
        var names = Answers.all(stream).stream().map(SseEvent::name).toList();
        assertEquals(
                List.of(
                        "content_block_start",
                        "content_block_delta",
                        "content_block_stop",
                        "message_delta",
                        "message_stop"),
                names);
    }

    @Test
    void severalPausesAddUp() throws Exception {
        ObjectNode message = answer(4);
        assertEquals(5, message.path("content").size());
        assertEquals(15, message.path("usage").path("input_tokens").asInt());
        assertEquals(
                4,
                Json.tree(inner.body()).path("messages").path(1).path("content").size(),
                "everything told so far is sent back as one message");
    }

    @Test
    void pauseBeyondTheLimitIsTold() throws Exception {
        ObjectNode atLimit = answer(ContinuedStream.PAUSES_MAX);
        assertEquals("end_turn", atLimit.path("stop_reason").asString());
        inner.turns.clear();
        ObjectNode over = answer(1000);
        assertEquals("pause_turn", over.path("stop_reason").asString());
        assertEquals(ContinuedStream.PAUSES_MAX + 1, inner.turns.size());
    }

    @Test
    void closeEndsTheAnswerThatRunsNow() throws Exception {
        EventStream stream = ask();
        inner.last().tell(part("a", "pause_turn")).end();
        for (int i = 0; i < 4; i++) Answers.event(stream);
        assertInstanceOf(Next.Quiet.class, stream.next(LOOK));
        assertEquals(2, inner.answers.size());
        stream.close();
        assertTrue(inner.last().isClosed);
        assertThrows(ApiException.class, () -> stream.next(LOOK));
    }

    @Test
    void closeBeforeTheNextPartEndsThatToo() throws Exception {
        EventStream stream = ask();
        inner.last().tell(part("a", "pause_turn")).end();
        for (int i = 0; i < 4; i++) Answers.event(stream);
        stream.close();
        assertThrows(ApiException.class, () -> stream.next(LOOK));
        inner.answers.forEach(answer -> assertTrue(answer.isClosed));
    }

    @Test
    void failureOfAPartIsTheAnswers() throws Exception {
        EventStream stream = ask();
        inner.last().tell(part("a", "pause_turn")).end();
        for (int i = 0; i < 4; i++) Answers.event(stream);
        stream.next(LOOK);
        inner.last().fail(new ApiException(ccproxy.wire.ErrorKind.RATE_LIMIT, "slow down"));
        var e = assertThrows(ApiException.class, () -> stream.next(LOOK));
        assertEquals("slow down", e.getMessage());
    }
}
