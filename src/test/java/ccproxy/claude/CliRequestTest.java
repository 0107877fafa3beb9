package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a process is told of a request.
class CliRequestTest {
    private static final String MARK = "\"cache_control\":{\"type\":\"ephemeral\"}";

    private static CliRequest of(String model, String fields, ClientHeaders headers) {
        ObjectNode raw = Json.object().put("model", model).put("max_tokens", 9);
        raw.putArray("messages").addObject().put("role", "user").put("content", "/clear @file");
        raw.setAll((ObjectNode) Json.tree("{" + fields + "}"));
        var rules = new ModelCatalog(ModelMapping.NONE).rules(model);
        return new CliRequest(new Turn(MessagesRequest.of(raw), "", headers, false), rules, false);
    }

    private static CliRequest of(String fields) {
        return of("claude-sonnet-5", fields, ClientHeaders.NONE);
    }

    private static JsonNode env(CliRequest request) {
        return request.settings().path("settings").path("env");
    }

    private static JsonNode body(CliRequest request) {
        return Json.tree(env(request).path("CLAUDE_CODE_EXTRA_BODY").asString());
    }

    @Test
    void everyFieldIsToldButWhatTheCliSaysItself() {
        JsonNode body =
                body(
                        of(
                                """
                                "system":"s","stream":true,"metadata":{"user_id":"u"},"temperature":0.25,
                                "tools":[{"name":"f"}],"tool_choice":{"type":"any"},"stop_sequences":["X"],
                                "thinking":{"type":"disabled"},"output_config":{"effort":"low"},
                                "service_tier":"auto","from_next_year":[1,2]\
                                """));
        assertEquals(
                Set.of(
                        "model",
                        "max_tokens",
                        "messages",
                        "temperature",
                        "tools",
                        "tool_choice",
                        "stop_sequences",
                        "thinking",
                        "output_config",
                        "service_tier",
                        "from_next_year"),
                Set.copyOf(body.propertyNames()));
        assertEquals("0.25", body.path("temperature").toString());
        assertEquals("/clear @file", body.path("messages").path(0).path("content").asString());
        assertEquals("{\"effort\":\"low\"}", body.path("output_config").toString());
    }

    @ParameterizedTest
    @CsvSource({
        "claude-3-5-haiku-20241022, '', ''",
        "claude-sonnet-4-5-20250929, disabled, ''",
        "claude-opus-4-5-20251101, disabled, ''",
        "claude-opus-4-6, disabled, high",
        "claude-sonnet-5, disabled, high",
        "claude-opus-5-5, adaptive, high"
    })
    void whereTheClisDefaultsAreNotTheApisTheApisAreNamed(
            String model, String thinking, String effort) {
        JsonNode body = body(of(model, "", ClientHeaders.NONE));
        assertEquals(thinking, body.path("thinking").path("type").asString(""), body.toString());
        assertEquals(effort, body.path("output_config").path("effort").asString(""));
    }

    @Test
    void whatTheClientSaysOfThinkingAndOutputStays() {
        String fields =
                "\"thinking\":{\"type\":\"adaptive\",\"display\":\"x\"},\"output_config\":{\"format\":{\"a\":1}}";
        JsonNode body = body(of(fields));
        assertEquals("x", body.path("thinking").path("display").asString());
        assertEquals(1, body.path("output_config").path("format").path("a").asInt());
        assertEquals("high", body.path("output_config").path("effort").asString());
    }

    @Test
    void requestItselfIsNotChanged() {
        ObjectNode raw =
                (ObjectNode) Json.tree("{\"model\":\"m\",\"output_config\":{},\"messages\":[]}");
        ObjectNode before = raw.deepCopy();
        var rules = new ModelCatalog(ModelMapping.NONE).rules("claude-sonnet-5");
        new CliRequest(Answers.turn(MessagesRequest.of(raw)), rules, false).settings();
        assertEquals(before, raw);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    "system":"s"                                    | false | false
                    "system":[{"type":"text","text":"s",MARK}]      | true  | false
                    "system":[{"type":"text","text":"s"}],"tools":[{"name":"f",MARK}] | false | false
                    "system":[{"text":"s",MARK}],"tools":[{"name":"f",MARK}] | false | true
                    "system":[{"text":"s",MARK}],MARK               | true  | false
                    "system":[{"text":"s",MARK}],"messages":[{"role":"user","content":[{"type":"text","text":"a",MARK},{"type":"text","text":"b",MARK}]}] | true | false
                    "system":[{"text":"s",MARK}],MARK,"messages":[{"role":"user","content":[{"type":"text","text":"a",MARK},{"type":"text","text":"b",MARK}]}] | false | true
                    "system":[{"text":"s",MARK}],"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"a",MARK}],MARK},{"type":"text","text":"b",MARK}]}] | false | true
                    """)
    void cacheMarksOfTheSystemTextAreTheClisWhileThereIsRoomForThem(
            String fields, boolean isCaching, boolean isNoted) {
        CliRequest request = of(fields.replace("MARK", MARK));
        assertEquals(isCaching ? "0" : "1", env(request).path("DISABLE_PROMPT_CACHING").asString());
        assertEquals(isNoted, request.notes().containsKey("system.cache_control"));
    }

    @Test
    void whatIsDroppedIsNoted() {
        assertEquals(Map.of(), of("\"stream\":true").notes());
        assertEquals(Map.of("metadata", "dropped"), of("\"metadata\":{\"user_id\":\"u\"}").notes());
    }

    @Test
    void betasAreOneSortedListWithoutTheLogins() {
        var headers =
                new ClientHeaders(
                        "",
                        Map.of(
                                "anthropic-beta",
                                List.of("b-2, a-1,,", ClientHeaders.OAUTH_BETA + ",b-2"),
                                "anthropic-version",
                                List.of("2023-06-01")),
                        Map.of());
        CliRequest request = of("claude-sonnet-5", "", headers);
        assertEquals("a-1,b-2", env(request).path("ANTHROPIC_BETAS").asString());
        assertEquals("a-1,b-2", request.kind("").betas());
    }

    @Test
    void kindIsTheSystemTextHoweverItIsWritten() {
        var text = of("\"system\":\"one\\n\\ntwo\"").kind("");
        assertEquals(
                text,
                of("\"system\":[{\"type\":\"text\",\"text\":\"one\",MARK},{\"type\":\"text\",\"text\":\"\"},{\"type\":\"text\",\"text\":\"two\"}]"
                                .replace("MARK", MARK))
                        .kind(""));
        assertEquals("one\n\ntwo", CliRequest.initialize(text).path("systemPrompt").asString());
        var none = of("").kind("");
        assertEquals(none, of("\"system\":[]").kind(""));
        assertFalse(CliRequest.initialize(none).has("systemPrompt"));
        assertTrue(CliRequest.initialize(none).path("hooks").isNull());
    }

    @Test
    void blankTakesBackEveryValueThatARequestSets() {
        JsonNode set = of("\"temperature\":1").settings().path("settings");
        JsonNode blank = CliRequest.blank().path("settings");
        assertEquals(Set.copyOf(set.propertyNames()), Set.copyOf(blank.propertyNames()));
        assertTrue(blank.path("model").isNull());
        assertEquals(set.path("env").propertyNames(), blank.path("env").propertyNames());
        assertEquals("", blank.path("env").path("CLAUDE_CODE_EXTRA_BODY").asString("?"));
        assertEquals("", blank.path("env").path("ANTHROPIC_BETAS").asString("?"));
        assertEquals("1", blank.path("env").path("DISABLE_PROMPT_CACHING").asString());
    }
}
