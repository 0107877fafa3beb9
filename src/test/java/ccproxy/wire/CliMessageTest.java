package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Lines as version 2.1.330 wrote them, cut.
class CliMessageTest {
    private static CliMessage of(String line) {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        return CliMessage.of(bytes, bytes.length);
    }

    private static String data(CliMessage line) {
        return assertInstanceOf(CliMessage.Event.class, line).event().toString();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"stream_event\",\"event\":%s,\"session_id\":\"s\",\"parent_tool_use_id\":null}",
                "{\"session_id\":\"s\",\"event\":%s,\"parent_tool_use_id\":null,\"type\":\"stream_event\"}",
                " { \"uuid\" : {\"type\":[1]} , \"event\" :  %s , \"type\" : \"stream_event\" } "
            })
    void eventIsHandedOnToTheByteWhereverItStands(String line) {
        String event =
                "{ \"index\":0, \"delta\":{\"type\":\"text_delta\",\"text\":\"h\\u00e9 }{ €\"},\"type\":\"content_block_delta\"}";
        assertEquals(
                "event: content_block_delta\ndata: " + event + "\n\n",
                data(of(line.formatted(event))));
    }

    @Test
    void onlyTheFirstBytesOfTheLineCount() {
        String line =
                "{\"type\":\"stream_event\",\"event\":{\"type\":\"message_stop\"},\"parent_tool_use_id\":null}";
        byte[] bytes = (line + "rubbish").getBytes(StandardCharsets.UTF_8);
        assertInstanceOf(CliMessage.Event.class, CliMessage.of(bytes, line.length()));
    }

    @Test
    void abandonedBlocksAreSaid() {
        String line =
                "{\"type\":\"stream_event\",\"event\":{\"type\":\"message_stop\"},\"abandoned_blocks\":%s}";
        String blocks = "{\"api_message_id\":\"m\",\"from_block_index\":0}";
        assertTrue(((CliMessage.Event) of(line.formatted(blocks))).isAbandoned());
        assertTrue(!((CliMessage.Event) of(line.formatted("null"))).isAbandoned());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"stream_event\",\"event\":{\"type\":\"message_stop\"},\"parent_tool_use_id\":\"toolu_1\"}",
                "{\"type\":\"stream_event\",\"event\":{}}",
                "{\"type\":\"stream_event\",\"event\":[]}",
                "{\"type\":\"stream_event\"}"
            })
    void eventOfASubagentOrWithoutANameIsNoneOfTheModels(String line) {
        assertEquals(new CliMessage.Other("stream_event"), of(line));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    ''                        | no JSON
                    [1]                       | no JSON
                    7                         | no JSON
                    "text"                    | no JSON
                    {"type":"assistant"       | no JSON
                    {"type":"a","type":"b"}   | no JSON
                    {"type":"stream_event","event":{"type":"x" | no JSON
                    {"type":"from_next_year"} | from_next_year
                    {"type":"control_cancel_request","request_id":"1"} | control_cancel_request
                    {}                        | ''
                    {"type":7}                | 7
                    {"type":"assistant","parent_tool_use_id":"toolu_1"} | assistant
                    """)
    void whatIsNotKnownIsOtherAndNoError(String line, String type) {
        assertEquals(new CliMessage.Other(type), of(line));
    }

    @Test
    void typeThatIsNoTextIsNoError() {
        for (String value : new String[] {"null", "{}", "[\"stream_event\"]"})
            assertEquals(new CliMessage.Other(""), of("{\"type\":" + value + "}"), value);
    }

    @Test
    void bytesThatAreNoTextAreNoError() {
        byte[] bytes = {(byte) 0xff, (byte) 0xfe, 0, '{', '}'};
        assertEquals(new CliMessage.Other("no JSON"), CliMessage.of(bytes, bytes.length));
    }

    @Test
    void assistantIsSyntheticByItsModelOrByItsMark() {
        String line = "{\"type\":\"assistant\",\"message\":{\"model\":\"%s\"}%s}";
        var real = (CliMessage.Assistant) of(line.formatted("claude-sonnet-5", ""));
        assertTrue(!real.isSynthetic());
        assertEquals("", real.error());
        var made =
                (CliMessage.Assistant) of(line.formatted("<synthetic>", ",\"error\":\"unknown\""));
        assertTrue(made.isSynthetic());
        assertEquals("unknown", made.error());
        String mark = ",\"is_api_error_message\":true";
        assertTrue(((CliMessage.Assistant) of(line.formatted("m", mark))).isSynthetic());
        var empty = (CliMessage.Assistant) of("{\"type\":\"assistant\"}");
        assertTrue(empty.message().isEmpty());
    }

    @Test
    void replyIsASuccessOrSaysWhyNot() {
        String line = "{\"type\":\"control_response\",\"response\":{\"request_id\":\"r\"%s}}";
        var success =
                (CliMessage.Reply)
                        of(line.formatted(",\"subtype\":\"success\",\"response\":{\"a\":1}"));
        assertEquals("r", success.requestId());
        assertEquals("", success.error());
        assertEquals(1, success.response().path("a").asInt());
        // The inner response may be missing altogether.
        var bare = (CliMessage.Reply) of(line.formatted(",\"subtype\":\"success\""));
        assertEquals("", bare.error());
        assertTrue(bare.response().isMissingNode());
        var refused =
                (CliMessage.Reply) of(line.formatted(",\"subtype\":\"error\",\"error\":\"no\""));
        assertEquals("no", refused.error());
        var mute = (CliMessage.Reply) of(line.formatted(",\"subtype\":\"error\""));
        assertEquals("no reason given", mute.error());
    }

    @Test
    void theRestIsReadAsFarAsItIsNeeded() {
        var request =
                (CliMessage.Request)
                        of(
                                "{\"type\":\"control_request\",\"request_id\":\"r\",\"request\":{\"subtype\":\"can_use_tool\"}}");
        assertEquals("r", request.requestId());
        assertEquals("can_use_tool", request.subtype());
        var system = (CliMessage.SystemLine) of("{\"type\":\"system\",\"subtype\":\"init\"}");
        assertEquals("init", system.subtype());
        var limit =
                (CliMessage.RateLimit)
                        of("{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"resetsAt\":5}}");
        assertEquals(5, limit.info().path("resetsAt").asInt());
        // `type` does not come first in a result.
        var result = (CliMessage.Result) of("{\"is_error\":false,\"type\":\"result\"}");
        assertTrue(result.raw().has("is_error"));
        var user = (CliMessage.User) of("{\"type\":\"user\",\"message\":{\"role\":\"user\"}}");
        assertEquals("user", user.message().path("role").asString());
    }
}
