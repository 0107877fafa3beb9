package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.EventStream.Next;
import ccproxy.http.Eventually;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.SseEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What `/echo {…}` can write, and when it is said.
class EchoScriptTest {
    private final EchoClaude echo = new EchoClaude(new ModelCatalog(ModelMapping.NONE));

    private EventStream play(String script) {
        return echo.ask(Answers.turn("/echo " + script));
    }

    private ObjectNode message(String script) throws InterruptedException {
        return Answers.message(play(script));
    }

    private static List<String> deltas(List<SseEvent> events) {
        return events.stream()
                .filter(e -> e.name().equals("content_block_delta"))
                .map(e -> e.json().path("delta").path("text").asString(""))
                .toList();
    }

    private List<String> deltas(String script) throws InterruptedException {
        return deltas(Answers.all(play(script)));
    }

    @Test
    void textIsSaid() throws Exception {
        JsonNode content = message("{\"text\":\"hello there\"}").path("content");
        assertEquals("[{\"type\":\"text\",\"text\":\"hello there\"}]", Json.text(content));
        assertEquals("echo ", Answers.text(play("{}")));
        assertEquals("", Answers.text(play("{\"text\":\"\"}")));
    }

    @Test
    void scriptIsTheLastTextWhateverComesBefore() throws Exception {
        var request =
                Answers.request(
                        """
                        {"model":"m","max_tokens":9,"messages":[{"role":"user","content":[
                        {"type":"tool_result","tool_use_id":"t","content":"x"},
                        {"type":"text","text":"/echo {\\"text\\":\\"scripted\\"}"}]}]}\
                        """);
        assertEquals("scripted", Answers.text(echo.ask(Answers.turn(request))));
        assertEquals("say /echo {}", Answers.text(echo.ask(Answers.turn("say /echo {}"))));
    }

    @Test
    void thinkingIsSignedAndComesFirst() throws Exception {
        JsonNode content = message("{\"text\":\"so\",\"thinking\":\"let me see\"}").path("content");
        assertEquals("let me see", content.path(0).path("thinking").asString());
        assertFalse(content.path(0).path("signature").asString().isEmpty());
        assertEquals("so", content.path(1).path("text").asString());
        assertEquals(
                content.path(0),
                message("{\"thinking\":\"let me see\"}").path("content").path(0),
                "the same thought has the same signature");
    }

    @Test
    void toolsAreCalled() throws Exception {
        ObjectNode message =
                message(
                        """
                        {"tool_use":[{"name":"a","input":{"city":"Bern","n":[1,2.50]}},{"name":"b","id":"toolu_b"}]}\
                        """);
        JsonNode content = message.path("content");
        assertEquals("tool_use", message.path("stop_reason").asString());
        assertEquals(2, content.size());
        assertEquals(
                "{\"city\":\"Bern\",\"n\":[1,2.50]}", Json.text(content.path(0).path("input")));
        assertEquals("toolu_b", content.path(1).path("id").asString());
        assertEquals("{}", Json.text(content.path(1).path("input")));
        assertEquals(
                "text",
                message("{\"text\":\"x\",\"tool_use\":[{\"name\":\"a\"}]}")
                        .path("content")
                        .path(0)
                        .path("type")
                        .asString());
    }

    @Test
    void stopReasonAndUsageAreAsWritten() throws Exception {
        ObjectNode message =
                message(
                        "{\"stop_reason\":\"refusal\",\"usage\":{\"input_tokens\":10,\"output_tokens\":7,\"cache_read_input_tokens\":1733}}");
        assertEquals("refusal", message.path("stop_reason").asString());
        assertEquals(10, message.path("usage").path("input_tokens").asInt());
        assertEquals(7, message.path("usage").path("output_tokens").asInt());
        assertEquals(1733, message.path("usage").path("cache_read_input_tokens").asInt());
    }

    @ParameterizedTest
    @CsvSource({
        "0, ''",
        "1, 'a b c '",
        "2, 'a |b c '",
        "3, 'a |b |c '",
        "4, 'a |b |c |a '",
        "7, 'a |b |c |a |b |c |a '"
    })
    void deltasAreAsManyAsWanted(int count, String expected) throws Exception {
        List<String> deltas = deltas("{\"text\":\"a b c \",\"delta_count\":" + count + "}");
        assertEquals(expected, String.join("|", deltas));
        assertEquals(count, deltas.size());
    }

    @Test
    void deltasWithoutATextAreWordsToo() throws Exception {
        assertEquals(List.of("echo ", "echo "), deltas("{\"delta_count\":2}"));
        assertEquals(List.of("echo "), deltas("{\"text\":\"\",\"delta_count\":1}"));
        assertEquals(100_000, deltas("{\"delta_count\":100000}").size());
    }

    @Test
    void errorComesBeforeTheFirstEvent() {
        EventStream stream =
                play(
                        "{\"error\":{\"status\":429,\"type\":\"rate_limit_error\",\"message\":\"slow down\"}}");
        var e = assertThrows(ApiException.class, () -> stream.next(Answers.WAIT));
        assertEquals(429, e.messagesStatus());
        assertEquals(ErrorKind.RATE_LIMIT, e.kind());
        assertEquals("slow down", e.getMessage());
        var usual =
                assertThrows(ApiException.class, () -> play("{\"error\":{}}").next(Answers.WAIT));
        assertEquals(529, usual.messagesStatus());
        assertEquals(ErrorKind.OVERLOADED, usual.kind());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "2, 2", "3, 3", "9, 3"})
    void errorComesAfterSoManyDeltas(int after, int told) throws Exception {
        List<SseEvent> events =
                Answers.all(play("{\"text\":\"a b c\",\"error_after\":" + after + "}"));
        assertEquals(told, deltas(events).size());
        SseEvent last = events.getLast();
        assertEquals("error", last.name());
        assertEquals("overloaded_error", last.json().path("error").path("type").asString());
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "2, 2", "3, 3", "9, 3"})
    void streamEndsAfterSoManyDeltas(int after, int expected) throws Exception {
        EventStream stream = play("{\"text\":\"a b c\",\"cut_after\":" + after + "}");
        int told = 0;
        ApiException e = null;
        while (e == null) {
            try {
                if (Answers.event(stream).name().equals("content_block_delta")) told++;
            } catch (ApiException cut) {
                e = cut;
            }
        }
        assertEquals(expected, told);
        assertEquals(ErrorKind.INCOMPLETE, e.kind());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{\"unknown\":1} ~ /echo unknown: expected one of [",
                "[] ~ /echo: expected a JSON object, found an array",
                "{\"a\" ~ /echo: ",
                "{\"text\":1} ~ /echo.text: expected a string, found an integer",
                "{\"thinking\":[]} ~ /echo.thinking: expected a string, found an array",
                "{\"tool_use\":{}} ~ /echo.tool_use: expected an array, found an object",
                "{\"tool_use\":[{}]} ~ /echo.tool_use[0].name: expected a string, found nothing",
                "{\"tool_use\":[{\"name\":\"\"}]} ~ /echo.tool_use[0].name: expected a non-empty",
                "{\"tool_use\":[{\"name\":\"a\",\"input\":1}]} ~ /echo.tool_use[0].input: expected an object",
                "{\"stop_reason\":1} ~ /echo.stop_reason: expected a string, found an integer",
                "{\"usage\":1} ~ /echo.usage: expected an object, found an integer",
                "{\"delta_count\":-1} ~ /echo.delta_count: expected an integer from 0 to 1000000, found -1",
                "{\"delta_count\":1000001} ~ /echo.delta_count: expected an integer from 0",
                "{\"delta_count\":1.5} ~ /echo.delta_count: expected an integer, found a number",
                "{\"delta_delay_ms\":600001} ~ /echo.delta_delay_ms: expected an integer from 0 to 600000",
                "{\"first_delay_ms\":\"1\"} ~ /echo.first_delay_ms: expected an integer, found a string",
                "{\"error\":1} ~ /echo.error: expected an object, found an integer",
                "{\"error\":{\"status\":200}} ~ /echo.error.status: expected an integer from 400 to 599, found 200",
                "{\"error\":{\"status\":600}} ~ /echo.error.status: expected an integer from 400 to 599, found 600",
                "{\"error\":{\"type\":1}} ~ /echo.error.type: expected a string",
                "{\"error_after\":-1} ~ /echo.error_after: expected an integer from 0",
                "{\"cut_after\":true} ~ /echo.cut_after: expected an integer, found a boolean"
            })
    void wrongScriptSaysWhatIsWrong(String script, String message) {
        var e = assertThrows(ApiException.class, () -> play(script).close());
        assertEquals(ErrorKind.INVALID_REQUEST, e.kind());
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }

    @Test
    void delaysAreKept() throws Exception {
        long from = System.nanoTime();
        EventStream stream =
                play("{\"text\":\"a b c\",\"first_delay_ms\":60,\"delta_delay_ms\":30}");
        assertFalse(stream.isReady());
        assertInstanceOf(Next.Quiet.class, stream.next(Duration.ofMillis(5)));
        Answers.event(stream);
        assertTrue(millis(from) >= 60, "the first event came early");
        Answers.event(stream);
        Answers.all(stream);
        assertTrue(millis(from) >= 60 + 3 * 30, "the deltas came early");
        Eventually.assertSoon(from);
    }

    private static long millis(long from) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from);
    }

    @Test
    void eventsWithoutADelayAreAtHand() throws Exception {
        EventStream stream = play("{\"delta_count\":3}");
        while (!(stream.next(Duration.ZERO) instanceof Next.End)) assertTrue(stream.isReady());
        stream.close();
    }

    @Test
    void closeWakesTheReader() throws Exception {
        EventStream stream = play("{\"first_delay_ms\":600000}");
        var reader =
                new FutureTask<>(
                        () -> assertThrows(ApiException.class, () -> stream.next(Answers.WAIT)));
        Thread.ofVirtual().start(reader);
        stream.close();
        assertEquals(ErrorKind.INCOMPLETE, reader.get(3, TimeUnit.SECONDS).kind());
    }
}
