package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.CliSettings.MessageMode;
import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.SseEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The lines of a turn as the CLI writes them, and the one answer that a client gets.
class AgentDecoderTest {
    private static final String INIT =
            """
            {"type":"system","subtype":"init","cwd":"/w","session_id":"s","tools":["Read"],"model":"m","slash_commands":["clear"]}\
            """;
    private static final String CALL =
            """
            {"type":"tool_use","id":"toolu_1","name":"Read","input":{"file_path":"/w/a"}}\
            """;
    private static final String RESULT =
            """
            {"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"1\\tmoon"}]}}\
            """;
    private static final String END =
            """
            {"type":"result","subtype":"success","is_error":false,"stop_reason":"end_turn","result":"moon"}\
            """;

    private final List<SseEvent> events = new ArrayList<>();
    private AgentDecoder decoder = new AgentDecoder(MessageMode.IGNORE);

    private AgentDecoderTest in(MessageMode mode) {
        decoder = new AgentDecoder(mode);
        return this;
    }

    private AgentDecoderTest line(String json) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        CliMessage line = CliMessage.of(bytes, bytes.length);
        decoder.add(line);
        while (decoder.hasEvent()) events.add(decoder.event());
        return this;
    }

    private AgentDecoderTest event(String json) {
        return line(
                "{\"type\":\"stream_event\",\"event\":"
                        + json
                        + ",\"parent_tool_use_id\":null,\"uuid\":\"u\"}");
    }

    private AgentDecoderTest start(String id, int input) {
        return event(
                """
                {"type":"message_start","message":{"id":"%s","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":%d,"output_tokens":1,"cache_read_input_tokens":7}}}\
                """
                        .formatted(id, input));
    }

    private AgentDecoderTest begin(int index, String block) {
        return event(
                "{\"type\":\"content_block_start\",\"index\":"
                        + index
                        + ",\"content_block\":"
                        + block
                        + "}");
    }

    private AgentDecoderTest delta(int index, String delta) {
        return event(
                "{\"type\":\"content_block_delta\",\"index\":"
                        + index
                        + ",\"delta\":"
                        + delta
                        + "}");
    }

    private AgentDecoderTest stop(int index) {
        return event("{\"type\":\"content_block_stop\",\"index\":" + index + "}");
    }

    private AgentDecoderTest text(int index, String text) {
        return begin(index, "{\"type\":\"text\",\"text\":\"\"}")
                .delta(index, "{\"type\":\"text_delta\",\"text\":\"" + text + "\"}")
                .stop(index);
    }

    /// As the CLI tells it: the whole block on a line of its own, before the stop of its events.
    private AgentDecoderTest call(int index) {
        begin(index, CALL.replace("{\"file_path\":\"/w/a\"}", "{}"));
        delta(
                index,
                "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"file_path\\\":\\\"/w/a\\\"}\"}");
        assistant(CALL);
        return stop(index);
    }

    private AgentDecoderTest assistant(String block) {
        return line(
                "{\"type\":\"assistant\",\"message\":{\"role\":\"assistant\",\"model\":\"m\",\"content\":["
                        + block
                        + "]},\"parent_tool_use_id\":null}");
    }

    private AgentDecoderTest over(String reason, int output) {
        event(
                """
                {"type":"message_delta","delta":{"stop_reason":"%s","stop_sequence":null},"usage":{"output_tokens":%d,"input_tokens":null}}\
                """
                        .formatted(reason, output));
        return event("{\"type\":\"message_stop\"}");
    }

    /// Text, a call of the CLI's, its result, and the text that follows from it.
    private AgentDecoderTest turn() {
        line(INIT).start("msg_1", 10).text(0, "I look. ").call(1).over("tool_use", 5);
        line(RESULT).start("msg_2", 20).text(0, "moon").over("end_turn", 6);
        return line(END);
    }

    private ObjectNode message() {
        var fold = new MessageFold();
        for (SseEvent event : events) fold.add(MessageEvent.of(event));
        return fold.message();
    }

    private List<String> types() {
        return message()
                .path("content")
                .valueStream()
                .map(block -> block.path("type").asString())
                .toList();
    }

    /// Every block is begun, told and ended before the next one, and they are counted on.
    private void assertInOrder() {
        int next = 0;
        boolean isOpen = false;
        for (SseEvent event : events) {
            switch (event.name()) {
                case "content_block_start" -> {
                    assertFalse(isOpen, Answers.bytes(events));
                    assertEquals(next, event.json().path("index").asInt());
                    isOpen = true;
                }
                case "content_block_delta" -> {
                    assertTrue(isOpen);
                    assertEquals(next, event.json().path("index").asInt());
                }
                case "content_block_stop" -> {
                    assertTrue(isOpen);
                    assertEquals(next++, event.json().path("index").asInt());
                    isOpen = false;
                }
                default -> assertFalse(isOpen);
            }
        }
        assertFalse(isOpen);
    }

    @ParameterizedTest
    @EnumSource
    void severalAnswersBecomeOne(MessageMode mode) {
        in(mode).turn();
        assertInOrder();
        List<String> names = events.stream().map(SseEvent::name).toList();
        assertEquals("message_start", names.getFirst());
        assertEquals("message_stop", names.getLast());
        for (String once : List.of("message_start", "message_delta", "message_stop"))
            assertEquals(1, names.stream().filter(once::equals).count(), once);
        assertEquals("msg_1", message().path("id").asString());
        assertEquals("end_turn", message().path("stop_reason").asString());
        assertTrue(decoder.isComplete());
        assertTrue(decoder.hasBegun());
    }

    @Test
    void tokensOfAllAnswersAreAddedUp() {
        JsonNode usage = turn().message().path("usage");
        assertEquals(30, usage.path("input_tokens").asInt());
        assertEquals(11, usage.path("output_tokens").asInt());
        assertEquals(14, usage.path("cache_read_input_tokens").asInt());
    }

    @Test
    void callsOfTheClisOwnToolsAreHidden() {
        turn();
        assertEquals(List.of("text", "text"), types());
        assertEquals("I look. ", message().path("content").path(0).path("text").asString());
        assertEquals("moon", message().path("content").path(1).path("text").asString());
        assertEquals("I look. moon", decoder.told());
    }

    @Test
    void forwardedCallsStandWhereTheyHappened() {
        in(MessageMode.FORWARD).turn();
        assertEquals(
                List.of("system_message_sdk", "text", "tool_use_sdk", "tool_result_sdk", "text"),
                types());
        JsonNode call = message().path("content").path(2);
        assertEquals("toolu_1", call.path("id").asString());
        assertEquals("/w/a", call.path("input").path("file_path").asString());
        assertEquals("1\tmoon", message().path("content").path(3).path("content").asString());
        assertEquals("I look. moon", decoder.told());
    }

    @Test
    void formattedCallsAreTextsInTheirPlace() {
        in(MessageMode.FORMATTED).turn();
        assertEquals(List.of("text", "text", "text", "text", "text"), types());
        var texts = new StringBuilder();
        for (JsonNode block : message().path("content"))
            texts.append(block.path("text").asString());
        assertTrue(
                texts.toString()
                        .endsWith(
                                """
                                I look. <tool_use_sdk id="toolu_1" name="Read">{"file_path":"/w/a"}</tool_use_sdk>
                                <tool_result_sdk tool_use_id="toolu_1">1\tmoon</tool_result_sdk>
                                moon\
                                """),
                texts.toString());
        assertEquals(texts.toString(), decoder.told(), "what a client gives back is known");
    }

    @Test
    void blockOfOursWaitsForTheOneThatIsOpen() {
        in(MessageMode.FORWARD).start("msg_1", 1);
        begin(0, "{\"type\":\"text\",\"text\":\"\"}");
        line(RESULT).line(RESULT);
        delta(0, "{\"type\":\"text_delta\",\"text\":\"a\"}").stop(0).over("end_turn", 1).line(END);
        assertInOrder();
        assertEquals(List.of("text", "tool_result_sdk", "tool_result_sdk"), types());
    }

    @Test
    void whatComesBeforeTheAnswerStandsAtItsBeginning() {
        in(MessageMode.FORWARD).line(INIT);
        assertTrue(events.isEmpty(), "an error would still have its status");
        assertFalse(decoder.hasBegun());
        start("msg_1", 1).text(0, "a").over("end_turn", 1).line(END);
        assertEquals(List.of("system_message_sdk", "text"), types());
        assertInOrder();
    }

    @Test
    void severalCallsInOneAnswerKeepTheirOrder() {
        in(MessageMode.FORWARD).start("msg_1", 1).call(0);
        begin(1, CALL.replace("toolu_1", "toolu_2"));
        assistant(CALL.replace("toolu_1", "toolu_2"));
        stop(1).over("tool_use", 1).line(RESULT).line(RESULT.replace("toolu_1", "toolu_2"));
        start("msg_2", 1).text(0, "b").over("end_turn", 1).line(END);
        assertEquals(
                List.of(
                        "tool_use_sdk",
                        "tool_use_sdk",
                        "tool_result_sdk",
                        "tool_result_sdk",
                        "text"),
                types());
        assertInOrder();
    }

    @ParameterizedTest
    @EnumSource
    void thinkingIsKept(MessageMode mode) {
        in(mode).start("msg_1", 1);
        begin(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
        delta(0, "{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}");
        delta(0, "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}");
        assistant("{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"c2ln\"}");
        stop(0).call(1).over("tool_use", 1).line(RESULT);
        start("msg_2", 1).text(0, "b").over("end_turn", 1).line(END);
        assertInOrder();
        JsonNode first = message().path("content").path(0);
        assertEquals("hm", first.path("thinking").asString());
        assertEquals("c2ln", first.path("signature").asString());
        assertFalse(decoder.told().contains("hm"), "thinking is not said");
    }

    @Test
    void unknownBlocksOfTheModelAreKept() {
        start("msg_1", 1);
        begin(
                0,
                "{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":{}}");
        stop(0).begin(1, "{\"type\":\"of_tomorrow\",\"x\":1}").stop(1);
        text(2, "a").over("end_turn", 1).line(END);
        assertEquals(List.of("server_tool_use", "of_tomorrow", "text"), types());
    }

    @ParameterizedTest
    @ValueSource(strings = {"max_tokens", "model_context_window_exceeded", "refusal"})
    void answerThatWasCutShortIsTheEnd(String reason) {
        start("msg_1", 3).text(0, "a").over(reason, 4);
        assertTrue(decoder.isComplete());
        assertEquals(reason, message().path("stop_reason").asString());
        assertEquals(4, message().path("usage").path("output_tokens").asInt());
        int told = events.size();
        start("msg_2", 3).text(0, "more").over("end_turn", 4).line(END);
        assertEquals(told, events.size(), "what the CLI goes on with by itself is nobody's");
        assertEquals("a", decoder.told());
    }

    @Test
    void callsThatAnAnswerWasCutShortInAreNotTheEnd() {
        start("msg_1", 3).text(0, "a").call(1).over("tool_use", 4);
        assertFalse(decoder.isComplete());
    }

    @Test
    void failureAfterATextIsAFailure() {
        start("msg_1", 1).text(0, "half").over("tool_use", 1);
        line(
                """
                {"type":"assistant","message":{"model":"<synthetic>","content":[{"type":"text","text":"API Error: 529 Overloaded."}]},"is_api_error_message":true,"error":"server_error"}\
                """);
        int told = events.size();
        var e =
                assertThrows(
                        ApiException.class,
                        () ->
                                line(
                                        """
                                        {"type":"result","subtype":"success","is_error":true,"api_error_status":529,"api_error_type":"overloaded_error","result":"API Error: 529 Overloaded."}\
                                        """));
        assertEquals(ErrorKind.OVERLOADED, e.kind());
        assertEquals(told, events.size(), "the CLI's own words for it are no answer");
        assertFalse(decoder.isComplete());
        assertEquals("half", decoder.told());
    }

    @Test
    void failureBeforeAnythingIsAFailure() {
        line(INIT);
        line(
                """
                {"type":"assistant","message":{"model":"<synthetic>","content":[{"type":"text","text":"Not logged in · Please run /login"}]},"is_api_error_message":true,"error":"authentication_failed"}\
                """);
        var e =
                assertThrows(
                        ApiException.class,
                        () ->
                                line(
                                        """
                                        {"type":"result","subtype":"success","is_error":true,"result":"Not logged in · Please run /login"}\
                                        """));
        assertEquals(ErrorKind.AUTHENTICATION, e.kind());
        assertFalse(decoder.hasBegun());
        assertTrue(events.isEmpty());
    }

    @Test
    void textThatIsWithdrawnIsAFailureAndNothingFollowsIt() {
        start("msg_1", 1).begin(0, "{\"type\":\"text\",\"text\":\"\"}");
        delta(0, "{\"type\":\"text_delta\",\"text\":\"void\"}");
        line(
                """
                {"type":"stream_event","event":{"type":"message_stop"},"abandoned_blocks":{"from_block_index":0},"parent_tool_use_id":null}\
                """);
        int told = events.size();
        start("msg_2", 1).text(0, "again").over("end_turn", 1);
        assertEquals(told, events.size());
        assertThrows(ApiException.class, () -> line(END));
    }

    @Test
    void turnThatTheClientStoppedFails() {
        start("msg_1", 1).text(0, "half");
        assertThrows(
                ApiException.class,
                () ->
                        line(
                                """
                                {"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_streaming","errors":["[ede_diagnostic]"]}\
                                """));
    }

    @Test
    void turnsThatNobodyAskedForAreSkipped() {
        line(
                END.replace(
                        "\"is_error\"",
                        "\"origin\":{\"kind\":\"task-notification\"},\"is_error\""));
        assertFalse(decoder.isComplete());
        start("msg_1", 1).text(0, "a").over("end_turn", 1);
        line(END.replace("\"is_error\"", "\"origin\":{\"kind\":\"human\"},\"is_error\""));
        assertTrue(decoder.isComplete());
        assertEquals("a", decoder.told());
    }

    @Test
    void linesOfSubagentsAreNoPartOfTheAnswer() {
        in(MessageMode.FORWARD).start("msg_1", 1).text(0, "a");
        line(
                """
                {"type":"assistant","message":{"role":"assistant","model":"m","content":[%s]},"parent_tool_use_id":"toolu_9"}\
                """
                        .formatted(CALL));
        line(RESULT.replace("\"type\":\"user\"", "\"type\":\"user\",\"parent_tool_use_id\":\"t\""));
        line(
                """
                {"type":"stream_event","event":{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"x"}},"parent_tool_use_id":"toolu_9"}\
                """);
        over("end_turn", 1).line(END);
        assertEquals(List.of("text"), types());
    }

    @Test
    void turnWithoutAnAnswerIsIncomplete() {
        line(INIT);
        var e = assertThrows(ApiException.class, () -> line(END));
        assertEquals(ErrorKind.INCOMPLETE, e.kind());
    }

    @Test
    void wordsOfTheUsersAreNotTheAnswers() {
        in(MessageMode.FORWARD).start("msg_1", 1).text(0, "a");
        line("{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"a nudge\"}}");
        line("{\"type\":\"of_tomorrow\",\"x\":1}").line("no JSON at all");
        over("end_turn", 1).line(END);
        assertEquals(List.of("text"), types());
    }

    @Test
    void answerThatBrokeOffKeepsTheReasonOfTheOneBefore() {
        start("msg_1", 1).text(0, "a");
        event("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null},\"usage\":{}}");
        event("{\"type\":\"message_stop\"}");
        assertFalse(decoder.isComplete());
        line(END.replace("\"stop_reason\":\"end_turn\"", "\"stop_reason\":\"stop_sequence\""));
        assertEquals("stop_sequence", message().path("stop_reason").asString());
    }

    @Test
    void unmovedEventsAreTheModelsOwnBytes() {
        start("msg_1", 1).text(0, "a").over("end_turn", 1).line(END);
        assertEquals(
                "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}",
                Json.text(events.get(2).json()));
    }
}
