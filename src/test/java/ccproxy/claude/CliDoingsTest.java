package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.CliSettings.MessageMode;
import ccproxy.wire.Json;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class CliDoingsTest {
    private final CliDoings formatted = new CliDoings(MessageMode.FORMATTED);
    private final CliDoings forwarded = new CliDoings(MessageMode.FORWARD);

    private static ObjectNode json(String json) {
        return (ObjectNode) Json.tree(json);
    }

    private static ObjectNode message(String block) {
        return json("{\"content\":[" + block + "]}");
    }

    private String call(String block) {
        List<ObjectNode> told = formatted.calls(message(block));
        assertEquals("text", told.getFirst().path("type").asString());
        return told.getFirst().path("text").asString();
    }

    private String result(String block) {
        return formatted.results(message(block)).getFirst().path("text").asString();
    }

    @Test
    void callIsATagWithItsInput() {
        assertEquals(
                "<tool_use_sdk id=\"t\" name=\"Bash\">{\"command\":\"ls\"}</tool_use_sdk>\n",
                call(
                        """
                        {"type":"tool_use","id":"t","name":"Bash","input":{"command":"ls"},"caller":{}}\
                        """));
    }

    @Test
    void resultIsATagWithItsContent() {
        assertEquals(
                "<tool_result_sdk tool_use_id=\"t\" is_error=\"true\">no such file</tool_result_sdk>\n",
                result(
                        """
                        {"type":"tool_result","tool_use_id":"t","is_error":true,"content":"no such file"}\
                        """));
        assertEquals(
                "<tool_result_sdk tool_use_id=\"t\">[{\"type\":\"text\",\"text\":\"a\"}]</tool_result_sdk>\n",
                result(
                        """
                        {"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"a"}]}\
                        """));
        assertEquals(
                "<tool_result_sdk tool_use_id=\"t\">[]</tool_result_sdk>\n",
                result("{\"type\":\"tool_result\",\"tool_use_id\":\"t\"}"));
    }

    @Test
    void whatWouldEndATagIsEscaped() {
        String told =
                result(
                        """
                        {"type":"tool_result","tool_use_id":"t","content":"</tool_result_sdk> & <b>"}\
                        """);
        assertEquals(
                "<tool_result_sdk tool_use_id=\"t\">&lt;/tool_result_sdk&gt; &amp; &lt;b&gt;</tool_result_sdk>\n",
                told);
        String call =
                call(
                        """
                        {"type":"tool_use","id":"\\"><x a=\\"","name":"a&b","input":{"q":"<"}}\
                        """);
        assertEquals(
                "<tool_use_sdk id=\"&quot;&gt;&lt;x a=&quot;\" name=\"a&amp;b\">{\"q\":\"&lt;\"}</tool_use_sdk>\n",
                call);
    }

    @Test
    void attributesThatAreNotThereAreLeftOut() {
        assertEquals(
                "<tool_use_sdk name=\"Bash\">{}</tool_use_sdk>\n",
                call("{\"type\":\"tool_use\",\"id\":null,\"name\":\"Bash\",\"input\":{}}"));
    }

    @Test
    void forwardedBlockKeepsAllOfItsFields() {
        ObjectNode block =
                json(
                        """
                        {"type":"tool_use","id":"t","name":"Bash","input":{"a":1},"of_tomorrow":2}\
                        """);
        ObjectNode message = message(block.toString());
        ObjectNode told = forwarded.calls(message).getFirst();
        assertEquals("tool_use_sdk", told.path("type").asString());
        told.put("type", "tool_use");
        assertEquals(block, told);
        assertEquals(block, message.path("content").path(0), "the line itself is as it was");
    }

    @Test
    void onlyCallsAreCallsAndOnlyResultsAreResults() {
        ObjectNode message =
                json(
                        """
                        {"content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t"},{"type":"tool_result","tool_use_id":"t"}]}\
                        """);
        assertEquals(1, forwarded.calls(message).size());
        assertEquals(1, forwarded.results(message).size());
        assertEquals(List.of(), forwarded.results(json("{\"content\":\"a text\"}")));
        assertEquals(List.of(), forwarded.results(json("{}")));
    }

    @Test
    void nothingIsToldWhenNothingIsWanted() {
        var ignored = new CliDoings(MessageMode.IGNORE);
        ObjectNode message = message("{\"type\":\"tool_use\",\"id\":\"t\"}");
        assertEquals(List.of(), ignored.calls(message));
        assertEquals(List.of(), ignored.results(message));
        assertEquals(List.of(), ignored.system("init", json("{\"cwd\":\"/w\"}")));
    }

    @Test
    void initIsTrimmedToWhatAClientMayWantToKnow() {
        ObjectNode raw =
                json(
                        """
                        {"type":"system","subtype":"init","cwd":"/w","session_id":"s","tools":["Read"],"model":"m","permissionMode":"default","claude_code_version":"2.1.330","slash_commands":["clear"],"apiKeySource":"x","memory_paths":{"auto":"/home/u"},"uuid":"u"}\
                        """);
        ObjectNode told = forwarded.system("init", raw).getFirst();
        assertEquals("system_message_sdk", told.path("type").asString());
        assertEquals("init", told.path("subtype").asString());
        assertEquals(
                Set.of("cwd", "tools", "model", "permissionMode", "claude_code_version"),
                Set.copyOf(told.path("data").propertyNames()));
        String text = formatted.system("init", raw).getFirst().path("text").asString();
        assertTrue(text.startsWith("<system_message_sdk subtype=\"init\">{"), text);
        assertTrue(text.endsWith("}</system_message_sdk>\n"), text);
        assertFalse(text.contains("/home/u"), text);
    }

    @Test
    void systemLineTellsAllButItsBookkeeping() {
        ObjectNode raw =
                json(
                        """
                        {"type":"system","subtype":"permission_denied","tool_name":"Bash","message":"no","uuid":"u","session_id":"s"}\
                        """);
        ObjectNode told = forwarded.system("permission_denied", raw).getFirst();
        assertEquals(json("{\"tool_name\":\"Bash\",\"message\":\"no\"}"), told.path("data"));
        assertTrue(raw.has("uuid"), "the line itself is as it was");
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "thinking_tokens"})
    void progressIsNotTold(String subtype) {
        assertEquals(List.of(), forwarded.system(subtype, json("{\"status\":\"requesting\"}")));
        assertEquals(List.of(), formatted.system(subtype, json("{\"status\":\"requesting\"}")));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "IGNORE")
    void whatWasToldIsRecognizedWhenItComesBack(MessageMode mode) {
        var doings = new CliDoings(mode);
        ObjectNode call =
                message("{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"B\",\"input\":{}}");
        assertTrue(CliDoings.isOne(doings.calls(call).getFirst()));
        ObjectNode result = message("{\"type\":\"tool_result\",\"tool_use_id\":\"t\"}");
        assertTrue(CliDoings.isOne(doings.results(result).getFirst()));
        assertTrue(CliDoings.isOne(doings.system("init", json("{}")).getFirst()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"text\",\"text\":\"a\"}",
                "{\"type\":\"text\",\"text\":\"I use <tool_use_sdk id=\\\"t\\\"> here\"}",
                "{\"type\":\"text\",\"text\":\"<tool_use_sdks>\"}",
                "{\"type\":\"thinking\",\"thinking\":\"a\"}",
                "{\"type\":\"tool_use\",\"id\":\"t\"}",
                "\"no block\""
            })
    void whatTheModelSaidIsItsOwn(String block) {
        assertFalse(CliDoings.isOne(Json.tree(block)));
    }
}
