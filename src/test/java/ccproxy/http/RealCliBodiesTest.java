package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What reaches the upstream by way of the CLI is what reaches it through the API, word for word.
@Tag("real-cli")
@ParameterizedClass
@EnumSource
class RealCliBodiesTest {
    /// The only fields that may differ, and why; [#check] says how.
    private static final Map<String, String> DIFFERENT =
            Map.of(
                    "stream", "the CLI asks for a stream, whatever the client wants",
                    "metadata", "names the CLI's own device and session",
                    "system", "begins with the CLI's own blocks; what follows is one block",
                    "tools", "an empty list where the client gave none",
                    "thinking", "the API's default is named: the CLI has one of its own",
                    "output_config", "the API's default effort is named: the CLI has its own",
                    "temperature", "the CLI writes numbers its own way: 1.0 is 1");

    private static final String OTHER = "claude-3-5-haiku-20241022";

    @TempDir static Path folder;
    private static RealCli cli;
    @Parameter CliVersion version;

    @BeforeParameterizedClassInvocation
    static void start(CliVersion version) throws IOException {
        cli = new RealCli(version, folder);
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        if (cli != null) cli.close();
        cli = null;
    }

    /// Asks both ways.
    ///
    /// @return what the upstream got by way of the CLI
    private static ObjectNode check(ObjectNode request, String... headers) {
        ObjectNode api = cli.askedBy(RealCli.API, request, headers);
        ObjectNode sdk = cli.askedBy(RealCli.SDK, request, headers);
        assertSame(api, sdk);
        return sdk;
    }

    private static void assertSame(ObjectNode api, ObjectNode sdk) {
        assertEquals(api.path("messages"), sdk.path("messages"));
        var names = new TreeSet<>(api.propertyNames());
        names.addAll(sdk.propertyNames());
        for (String name : names) {
            JsonNode one = api.path(name);
            JsonNode other = sdk.path(name);
            if (one.equals(other)) continue;
            assertTrue(DIFFERENT.containsKey(name), () -> name + ": " + one + " " + other);
            switch (name) {
                case "system" -> assertEquals(texts(one), ownTexts(other));
                case "tools", "thinking" -> assertTrue(one.isMissingNode(), name);
                case "output_config" ->
                        assertEquals(
                                Json.objectOrEmpty(one).deepCopy().put("effort", "high"),
                                other,
                                name);
                case "temperature" -> assertEquals(one.asDouble(), other.asDouble());
                default -> {}
            }
        }
    }

    private static String texts(JsonNode system) {
        if (system.isString()) return system.stringValue();
        List<String> texts = system.valueStream().map(b -> b.path("text").asString()).toList();
        return String.join("\n\n", texts);
    }

    /// What follows the CLI's own two blocks.
    private static String ownTexts(JsonNode system) {
        assertTrue(system.path(0).path("text").asString().startsWith("x-anthropic-billing"));
        assertTrue(system.path(1).path("text").asString().startsWith("You are a Claude agent"));
        assertTrue(system.size() <= 3, () -> system.toString());
        return system.path(2).path("text").asString("");
    }

    private static ObjectNode request(String model) {
        return Api.MESSAGES.request("hello", false).put("model", model);
    }

    private static ObjectNode with(String model, String more) {
        ObjectNode request = request(model);
        request.setAll((ObjectNode) Json.tree(more));
        return request;
    }

    /// Ten turns with all that a client may hold.
    private static ObjectNode conversation(String model) {
        ObjectNode request =
                with(
                        model,
                        """
                        {"tools":[{"name":"weather","description":"Says it","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}],
                         "messages":[
                          {"role":"user","content":[{"type":"text","text":"look"},
                            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="}}]},
                          {"role":"assistant","content":"a pixel"},
                          {"role":"user","content":[{"type":"document","title":"t","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQKJSVFT0YK"}},
                            {"type":"text","text":"read","cache_control":{"type":"ephemeral"}}]},
                          {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"cmVk"},
                            {"type":"text","text":"let me see"},{"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Paris","deep":[1,2.5,null,{"a":"é\\u0000\\u2028"}]}}]},
                          {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":[{"type":"text","text":"no"}]}]},
                          {"role":"assistant","content":"it is not to be had"}]}
                        """);
        ArrayNode messages = request.withArray("messages");
        for (int turn = 4; turn <= 10; turn++) {
            messages.addObject().put("role", "user").put("content", "turn " + turn);
            if (turn < 10)
                messages.addObject().put("role", "assistant").put("content", "said " + turn);
        }
        return request;
    }

    @ParameterizedTest
    @ValueSource(strings = {OTHER, "claude-sonnet-4-5", "claude-opus-5-5", "claude-unheard-of"})
    void wholeConversation(String model) {
        version.assumeIsQuickOr(false);
        check(conversation(model));
    }

    @Test
    void messagesOfOddShapes() {
        version.assumeIsQuickOr(false);
        check(
                with(
                        OTHER,
                        """
                        {"messages":[
                          {"role":"user","content":"one"},{"role":"user","content":[{"type":"text","text":"two"},{"type":"text","text":"three"}]},
                          {"role":"assistant","content":[{"type":"text","text":"four"}]},
                          {"role":"user","content":" \\n five \\ud83d\\ude00 \\u202e <system-reminder>x</system-reminder>"},
                          {"role":"assistant","content":"I begin:"}]}
                        """));
    }

    @Test
    void systemText() {
        version.assumeIsQuickOr(false);
        check(request(OTHER).put("system", "Be brief.\n\"Quoted\" é"));
        check(with(OTHER, "{\"system\":[{\"type\":\"text\",\"text\":\"Be\"}]}"));
        check(
                with(
                        OTHER,
                        """
                        {"system":[{"type":"text","text":"Be"},
                          {"type":"text","text":"brief","cache_control":{"type":"ephemeral"}}]}
                        """));
        assertEquals(2, check(request(OTHER)).path("system").size());
    }

    @Test
    void longSystemText() {
        String text = "0123456789".repeat(30_000) + "the end";
        assertEquals(text, ownTexts(check(request(OTHER).put("system", text)).path("system")));
    }

    @Test
    void largeHistory() {
        version.assumeIsQuickOr(false);
        ObjectNode request = request(OTHER);
        request.withArray("messages").removeAll();
        for (int turn = 0; turn < 100; turn++) {
            request.withArray("messages")
                    .addObject()
                    .put("role", "user")
                    .put("content", "q" + turn);
            request.withArray("messages")
                    .addObject()
                    .put("role", "assistant")
                    .put("content", "word ".repeat(5_000));
        }
        request.withArray("messages").addObject().put("role", "user").put("content", "last");
        check(request);
    }

    @Test
    void sampling() {
        version.assumeIsQuickOr(false);
        check(
                with(
                        OTHER,
                        """
                        {"temperature":0.25,"top_p":0.9,"top_k":7,"stop_sequences":["STOP","\\n\\n"],"max_tokens":17}
                        """));
        check(request(OTHER).put("temperature", 0));
        check(request(OTHER).put("temperature", 1.0));
        // This model takes one of them, not both.
        assertFalse(check(request("claude-sonnet-4-5").put("top_p", 0.5)).has("temperature"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"auto\",\"disable_parallel_tool_use\":true}",
                "{\"type\":\"any\"}",
                "{\"type\":\"tool\",\"name\":\"weather\"}",
                "{\"type\":\"none\"}"
            })
    void toolChoice(String choice) {
        version.assumeIsQuickOr(choice.contains("tool\""));
        ObjectNode request =
                with(
                        OTHER,
                        """
                        {"tools":[{"name":"weather","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}},
                          {"name":"Bash","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search","max_uses":1}]}
                        """);
        request.set("tool_choice", Json.tree(choice));
        check(request);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "claude-sonnet-4-5 | {\"type\":\"enabled\",\"budget_tokens\":2000}",
                "claude-opus-4-6 | {\"type\":\"adaptive\"}",
                "claude-opus-5-5 | {\"type\":\"adaptive\",\"display\":\"summarized\"}",
                "claude-sonnet-5 | {\"type\":\"disabled\"}",
            })
    void thinking(String model, String thinking) {
        version.assumeIsQuickOr(thinking.contains("adaptive"));
        ObjectNode request = request(model);
        request.set("thinking", Json.tree(thinking));
        assertEquals(request.path("thinking"), check(request).path("thinking"));
    }

    @Test
    void outputConfig() {
        version.assumeIsQuickOr(false);
        check(with("claude-opus-5", "{\"output_config\":{\"effort\":\"low\"}}"));
        check(
                with(
                        "claude-opus-5",
                        """
                        {"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}
                        """));
    }

    @Test
    void everyKindOfModel() {
        version.assumeIsQuickOr(false);
        var kinds = new HashSet<JsonNode>();
        for (JsonNode model : Json.tree(cli.server().get("/echo/v1/models").body()).path("data")) {
            if (!kinds.add(model.path("capabilities"))) continue;
            ObjectNode asked = check(request(model.path("id").asString()));
            assertFalse(asked.has("temperature"), () -> asked.toString());
        }
    }

    @Test
    void fieldsThatNobodyKnows() {
        check(
                with(
                        OTHER,
                        """
                        {"service_tier":"standard_only","container":null,"x_new":{"a":[1,{"b":null}]},"context_management":{"edits":[]}}
                        """));
    }

    @Test
    void betasOfTheClientAreSentBesideTheCliOwn() {
        version.assumeIsQuickOr(false);
        check(request(OTHER), "anthropic-beta", "x-one-2030-01-01,x-two-2030-01-01");
        String sent = cli.asked().getFirst().header("anthropic-beta");
        for (String beta : List.of("x-one-2030-01-01", "x-two-2030-01-01"))
            assertTrue(sent.contains(beta), sent);
        cli.askedBy(RealCli.SDK, request(OTHER));
        assertFalse(cli.asked().getFirst().header("anthropic-beta").contains("x-one"));
    }

    @Test
    void chatCompletions() {
        ObjectNode request =
                (ObjectNode)
                        Json.tree(
                                """
                                {"model":"claude-sonnet-4-5","temperature":0.5,"stop":["END"],"max_completion_tokens":50,
                                 "tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{}}}}],
                                 "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"@/etc/hostname"},
                                  {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"}}]},
                                  {"role":"tool","tool_call_id":"call_1","content":"sunny"},{"role":"user","content":"/clear"}]}
                                """);
        ObjectNode api = cli.askedBy("/api/v1/chat/completions", request);
        ObjectNode sdk = cli.askedBy("/sdk/v1/chat/completions", request);
        assertSame(api, sdk);
    }

    @Test
    void whatIsNotPassedOnIsSaid() {
        version.assumeIsQuickOr(false);
        ObjectNode request = request(OTHER);
        request.putObject("metadata").put("user_id", "u-1");
        var answer = cli.server().post(RealCli.SDK, request.toString());
        String warnings = answer.headers().firstValue("x-ccproxy-warnings").orElse("");
        assertEquals("metadata=dropped", warnings);
        assertFalse(cli.asked().getLast().body().contains("u-1"));
    }
}
