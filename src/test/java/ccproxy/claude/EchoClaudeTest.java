package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class EchoClaudeTest {
    private static final String STRICT = "2026-10-21";

    private final EchoClaude echo = new EchoClaude(new ModelCatalog(ModelMapping.NONE));

    private static MessagesRequest request(String fields, String content) {
        return Answers.request(
                "{\"model\":\"m\",\"max_tokens\":100,"
                        + fields
                        + "\"messages\":[{\"role\":\"user\",\"content\":"
                        + content
                        + "}]}");
    }

    private ObjectNode answer(String fields, String content) throws InterruptedException {
        return Answers.message(echo.ask(Answers.turn(request(fields, content))));
    }

    private static String text(JsonNode message) {
        return message.path("content").path(0).path("text").asString("?");
    }

    @Test
    void whatWasSaidComesBackWordByWord() throws Exception {
        var events = Answers.all(echo.ask(Answers.turn("hello  big 北🙂\nworld")));
        var names = events.stream().map(e -> e.name()).toList();
        assertEquals(
                List.of(
                        "message_start",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_stop",
                        "message_delta",
                        "message_stop"),
                names);
        assertTrue(events.get(2).toString().startsWith("event: content_block_delta\ndata: {"));
        assertEquals(
                "hello  big 北🙂\nworld",
                Answers.text(echo.ask(Answers.turn("hello  big 北🙂\nworld"))));
    }

    @Test
    void answerHasTheFieldsOfARealOne() throws Exception {
        ObjectNode message = answer("\"system\":\"be brief\",", "\"one two three\"");
        assertTrue(message.path("id").asString().matches("msg_01[0-9a-f]{22}"));
        assertEquals("message", message.path("type").asString());
        assertEquals("assistant", message.path("role").asString());
        assertEquals("m", message.path("model").asString());
        assertEquals("end_turn", message.path("stop_reason").asString());
        assertTrue(message.path("stop_sequence").isNull());
        assertTrue(message.path("diagnostics").isNull());
        JsonNode usage = message.path("usage");
        assertEquals(5, usage.path("input_tokens").asInt());
        assertEquals(3, usage.path("output_tokens").asInt());
        assertEquals("standard", usage.path("speed").asString());
    }

    @Test
    void textsOfTheLastMessageAreJoinedAndOthersNamed() throws Exception {
        assertEquals(
                "a\n[image]\nb",
                text(
                        answer(
                                "",
                                "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\",\"source\":{}},{\"type\":\"text\",\"text\":\"b\"}]")));
        assertEquals(
                "x\ny\n[image]",
                text(
                        answer(
                                "",
                                "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"x\"},{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[{\"type\":\"text\",\"text\":\"y\"},{\"type\":\"image\"}]}]")));
        assertEquals("", text(answer("", "[]")));
    }

    @ParameterizedTest
    @CsvSource({
        "'\"END\"', 'one END two STOP', 'one ', END",
        "'\"STOP\",\"END\"', 'one END two STOP', 'one ', END",
        "'\"none\"', 'one two', 'one two', ''"
    })
    void firstStopSequenceEndsTheAnswer(String stops, String said, String text, String stop)
            throws Exception {
        ObjectNode message = answer("\"stop_sequences\":[" + stops + "],", "\"" + said + "\"");
        assertEquals(text, text(message));
        assertEquals(stop.isEmpty() ? "end_turn" : "stop_sequence", reason(message));
        assertEquals(stop, message.path("stop_sequence").asString(""));
    }

    private static String reason(JsonNode message) {
        return message.path("stop_reason").asString();
    }

    @ParameterizedTest
    @CsvSource({"0, '', max_tokens", "2, 'one two ', max_tokens", "3, 'one two three', end_turn"})
    void maxTokensCutsTheAnswer(int max, String text, String reason) throws Exception {
        var request =
                Answers.request(
                        "{\"model\":\"m\",\"max_tokens\":"
                                + max
                                + ",\"messages\":[{\"role\":\"user\",\"content\":\"one two three\"}]}");
        ObjectNode message = Answers.message(echo.ask(Answers.turn(request)));
        assertEquals(text, text(message));
        assertEquals(reason, reason(message));
    }

    @Test
    void forcedToolIsCalledWithWhatWasSaid() throws Exception {
        String tools =
                "\"tools\":[{\"name\":\"first\"},{\"name\":\"second\"}],\"tool_choice\":{\"type\":%s},";
        ObjectNode named =
                answer(tools.formatted("\"tool\",\"name\":\"second\""), "\"{\\\"a\\\":[1,2]}\"");
        JsonNode call = named.path("content").path(0);
        assertEquals("tool_use", reason(named));
        assertEquals("second", call.path("name").asString());
        assertEquals("{\"a\":[1,2]}", Json.text(call.path("input")));
        assertTrue(call.path("id").asString().startsWith("toolu_01"));
        ObjectNode any = answer(tools.formatted("\"any\""), "\"no json\"");
        assertEquals("first", any.path("content").path(0).path("name").asString());
        assertEquals("{}", Json.text(any.path("content").path(0).path("input")));
        assertEquals("hi", text(answer(tools.formatted("\"auto\""), "\"hi\"")));
        assertEquals("hi", text(answer("\"tool_choice\":{\"type\":\"any\"},", "\"hi\"")));
    }

    @Test
    void tokensAreWords() throws Exception {
        String fields =
                "\"system\":\"a b\",\"tools\":[{\"name\":\"x\",\"description\":\"c d e\"}],";
        String bytes =
                Answers.bytes(
                        echo.countTokens(
                                Answers.turn(
                                        request(
                                                fields,
                                                "[{\"type\":\"text\",\"text\":\"f g\"},{\"type\":\"image\",\"source\":{\"data\":\"AAAA\"}}]"))));
        assertEquals("{\"input_tokens\":8}", bytes);
    }

    @Test
    void modelsAreTheOnesThatAreKnown() throws Exception {
        String list = Answers.bytes(echo.models("", ClientHeaders.NONE));
        JsonNode first = Json.tree(list).path("data").path(0);
        String id = first.path("id").asString();
        assertEquals("model", first.path("type").asString());
        assertFalse(Json.tree(list).path("has_more").asBoolean(true));
        assertEquals(
                id,
                Json.tree(Answers.bytes(echo.models(id, ClientHeaders.NONE)))
                        .path("id")
                        .asString());
        var e = assertThrows(ApiException.class, () -> echo.models("unknown", ClientHeaders.NONE));
        assertEquals(ErrorKind.NOT_FOUND, e.kind());
        assertEquals("model: unknown is not known", e.getMessage());
    }

    private ApiException refusal(String version, MessagesRequest request, boolean isCount) {
        var turn = new Turn(request, "", Answers.headers("anthropic-version", version), false);
        return assertThrows(
                ApiException.class,
                () -> (isCount ? echo.countTokens(turn) : echo.ask(turn)).close());
    }

    private void accepted(String version, MessagesRequest request) {
        var turn = new Turn(request, "", Answers.headers("anthropic-version", version), false);
        echo.ask(turn).close();
        echo.countTokens(turn).close();
    }

    private void assertRefused(String path, MessagesRequest request) {
        for (String version : List.of(STRICT, "2027-01-01")) {
            for (boolean isCount : new boolean[] {false, true}) {
                ApiException e = refusal(version, request, isCount);
                assertEquals(ErrorKind.INVALID_REQUEST, e.kind());
                assertTrue(e.getMessage().startsWith(path + ": expected no "), e.getMessage());
            }
        }
        accepted("2023-06-01", request);
        accepted("", request);
    }

    @ParameterizedTest
    @ValueSource(strings = {"temperature", "top_p", "top_k"})
    void newVersionRefusesSampling(String name) {
        assertRefused(name, request("\"" + name + "\":1,", "\"hi\""));
    }

    @Test
    void newVersionRefusesDocumentsOfTheAssistant() {
        String messages =
                "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"x\"},%s]}]}";
        assertRefused(
                "messages[0].content[1]",
                Answers.request(messages.formatted("{\"type\":\"document\"}")));
        accepted(
                STRICT,
                Answers.request(
                        messages.formatted(
                                "{\"type\":\"web_fetch_tool_result\",\"content\":{\"type\":\"document\"}}")));
        accepted(STRICT, request("", "[{\"type\":\"document\"}]"));
    }

    @Test
    void newVersionRefusesCitationsOfTheUser() {
        String cited = "{\"type\":\"text\",\"text\":\"x\",\"citations\":%s}";
        String some = "[{\"type\":\"char_location\"}]";
        assertRefused(
                "messages[0].content[0].citations", request("", "[" + cited.formatted(some) + "]"));
        assertRefused(
                "messages[0].content[0].content[0].citations",
                request(
                        "",
                        "[{\"type\":\"search_result\",\"content\":["
                                + cited.formatted(some)
                                + "]}]"));
        accepted(STRICT, request("", "[" + cited.formatted("[]") + "]"));
        accepted(STRICT, request("", "[" + cited.formatted("null") + "]"));
        accepted(STRICT, request("", "[{\"type\":\"document\",\"citations\":{\"enabled\":true}}]"));
        byte[] assistant =
                ("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"assistant\",\"content\":["
                                + cited.formatted(some)
                                + "]}]}")
                        .getBytes(StandardCharsets.UTF_8);
        accepted(STRICT, MessagesRequest.answer(assistant));
    }
}
