package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a client gets by way of the CLI is what it gets through the API, from one upstream request.
/// One process serves all of it: what one request leaves behind, the next would show.
@Tag("real-cli")
@ParameterizedClass
@EnumSource
class RealCliAnswersTest {
    private static final String TOOLS =
            """
            [{"name":"weather","description":"Says it","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}},
             {"name":"Read","input_schema":{"type":"object"}}]
            """;

    @TempDir static Path folder;
    private static RealCli cli;
    @Parameter CliVersion version;

    @BeforeParameterizedClassInvocation
    static void start(CliVersion version) throws IOException {
        cli = new RealCli(version, folder, 0, 1, Map.of(), RealCli.PING);
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        if (cli != null) cli.close();
        cli = null;
    }

    /// {@return the answer of the CLI, which is the API's too}
    private static JsonNode same(Api api, ObjectNode request) {
        cli.reset();
        String other = cli.server().post("/api" + api.path, request.toString()).body();
        HttpResponse<String> answer = cli.server().post("/sdk" + api.path, request.toString());
        assertEquals(200, answer.statusCode(), answer::body);
        assertEquals(2, cli.asked().size(), () -> cli.asked().toString());
        if (request.path("stream").asBoolean(false)) {
            assertTrue(api.isWhole(answer.body()), answer::body);
            assertEquals(events(other), events(answer.body()));
        } else {
            assertEquals(comparable(Json.tree(other)), comparable(Json.tree(answer.body())));
        }
        return Json.tree(answer.body().startsWith("{") ? answer.body() : "{}");
    }

    /// The next answer of this one process proves that the turn before is over: nothing was asked
    /// again.
    private static void wasAskedOnce() {
        cli.server().post(RealCli.SDK, Api.MESSAGES.body("next"));
        assertEquals(3, cli.asked().size(), () -> cli.asked().toString());
    }

    private static List<JsonNode> events(String stream) {
        return Api.events(stream).stream()
                .filter(event -> !event.path("type").asString("").equals("ping"))
                .map(RealCliAnswersTest::comparable)
                .toList();
    }

    /// Without what is new with every answer.
    private static JsonNode comparable(JsonNode answer) {
        if (answer instanceof ObjectNode object) {
            String id = object.path("id").asString("");
            if (!id.startsWith("toolu_") || id.length() > 12) object.remove("id");
            // The CLI's own system blocks count too.
            object.remove(Set.of("created", "request_id", "usage"));
            // Made up where an older version keeps the answer's own end back.
            object.remove(Set.of("stop_details", "context_management"));
            object.forEach(RealCliAnswersTest::comparable);
        } else {
            answer.forEach(RealCliAnswersTest::comparable);
        }
        return answer;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"text\":\"hello é \\ud83d\\ude00 there\",\"thinking\":\"let me see\"}",
                "{\"text\":\"I must not\",\"stop_reason\":\"refusal\"}",
                "{\"text\":\"\",\"stop_reason\":\"refusal\"}",
                "{\"text\":\"cut\",\"stop_reason\":\"max_tokens\"}",
                "{\"text\":\"full\",\"stop_reason\":\"model_context_window_exceeded\"}",
                "{\"text\":\"then\",\"stop_reason\":\"stop_sequence\"}",
                "{\"text\":\"wait\",\"stop_reason\":\"pause_turn\"}",
                "{\"text\":\"\",\"delta_count\":0}",
                "{\"thinking\":\"nothing to say\",\"text\":\"\",\"delta_count\":0}",
                "{\"delta_count\":3000}",
                "{\"text\":\"a\",\"usage\":{\"input_tokens\":7,\"output_tokens\":3,\"cache_read_input_tokens\":5}}",
                "{\"text\":\"Looking.\",\"tool_use\":[{\"name\":\"weather\",\"id\":\"toolu_1\",\"input\":{\"city\":\"Pa ris\",\"days\":[1,2]}},{\"name\":\"Read\",\"id\":\"toolu_2\",\"input\":{}}]}",
            })
    void answerIsTheSame(String script) {
        version.assumeIsQuickOr(script.contains("tool_use"));
        for (Api api : Api.values()) {
            same(api, api.request("/echo " + script, api == Api.MESSAGES));
        }
    }

    @Test
    void answerThatIsTooLongIsCutOnce() {
        version.assumeIsQuickOr(false);
        ObjectNode request = Api.MESSAGES.request("a b c d", false).put("max_tokens", 2);
        assertEquals("max_tokens", same(Api.MESSAGES, request).path("stop_reason").asString());
        wasAskedOnce();
        same(Api.MESSAGES, request.put("stream", true));
        ObjectNode chat = Api.CHAT.request("a b c d", false).put("max_tokens", 2);
        JsonNode choice = same(Api.CHAT, chat).path("choices").path(0);
        assertEquals("length", choice.path("finish_reason").asString());
        assertEquals("a b ", choice.path("message").path("content").asString());
        same(Api.CHAT, chat.put("stream", true));
        wasAskedOnce();
    }

    @ParameterizedTest
    @ValueSource(strings = {"claude-sonnet-4-5", "claude-fable-5-1"})
    void refusalIsToldOnce(String model) {
        version.assumeIsQuickOr(model.equals("claude-sonnet-4-5"));
        String script = "/echo {\"text\":\"no\",\"stop_reason\":\"refusal\"}";
        ObjectNode request = Api.MESSAGES.request(script, false).put("model", model);
        JsonNode whole = same(Api.MESSAGES, request);
        assertEquals("refusal", whole.path("stop_reason").asString());
        wasAskedOnce();
    }

    @Test
    void emptyAnswerIsNotAskedForAgain() {
        version.assumeIsQuickOr(false);
        String script = "/echo {\"text\":\"\",\"delta_count\":0}";
        same(Api.MESSAGES, Api.MESSAGES.request(script, false));
        wasAskedOnce();
    }

    @Test
    void toolsOfTheClientAreTheModels() {
        String script =
                "/echo {\"text\":\"Looking.\",\"tool_use\":[{\"name\":\"weather\",\"id\":\"toolu_1\",\"input\":{\"city\":\"Paris\"}},{\"name\":\"Read\",\"id\":\"toolu_2\",\"input\":{\"file_path\":\"/etc/hostname\"}}]}";
        ObjectNode request = Api.MESSAGES.request(script, false);
        request.set("tools", Json.tree(TOOLS));
        JsonNode first = same(Api.MESSAGES, request);
        assertEquals("tool_use", first.path("stop_reason").asString());
        assertEquals(3, first.path("content").size());
        request.withArray("messages")
                .addObject()
                .put("role", "assistant")
                .set("content", first.path("content"));
        request.withArray("messages")
                .addObject()
                .put("role", "user")
                .set(
                        "content",
                        Json.tree(
                                """
                                [{"type":"tool_result","tool_use_id":"toolu_1","content":"sunny"},
                                 {"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":"a name"}],"is_error":true}]
                                """));
        assertEquals("sunny\na name", Api.MESSAGES.text(same(Api.MESSAGES, request).toString()));
        for (FakeUpstream.Request asked : cli.asked()) {
            for (String own : List.of("mcp__", "No such tool", "tool_use_error", "permission"))
                assertFalse(asked.body().contains(own), asked::body);
        }
    }

    @Test
    void toolsOfChatCompletions() {
        ObjectNode request =
                (ObjectNode)
                        Json.tree(
                                """
                                {"model":"claude-sonnet-4-5","stream":true,"stream_options":{"include_usage":true},
                                 "messages":[{"role":"user","content":"/echo {\\"tool_use\\":[{\\"name\\":\\"f\\",\\"id\\":\\"toolu_1\\",\\"input\\":{\\"a\\":\\"one two three\\"}},{\\"name\\":\\"f\\",\\"id\\":\\"toolu_2\\",\\"input\\":{\\"a\\":2}}]}"}],
                                 "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{}}}}}]}
                                """);
        same(Api.CHAT, request);
    }

    /// What one request says must not show in the next.
    @Test
    void nothingOfARequestIsLeftInItsProcess() {
        version.assumeIsQuickOr(false);
        ObjectNode plain = Api.MESSAGES.request("plain", false).put("model", "claude-sonnet-4-5");
        ObjectNode first = cli.askedBy(RealCli.SDK, plain);
        Set<Long> pids = pids();
        ObjectNode full =
                (ObjectNode)
                        Json.tree(
                                """
                                {"model":"claude-opus-4-6","max_tokens":5,"temperature":0.5,"top_k":3,"stop_sequences":["x"],"service_tier":"auto","x_new":1,
                                 "thinking":{"type":"adaptive"},"output_config":{"effort":"low"},"tool_choice":{"type":"none"},
                                 "messages":[{"role":"user","content":"one-of-before"},{"role":"assistant","content":"two-of-before"},{"role":"user","content":"three-of-before"}]}
                                """);
        full.set("tools", Json.tree(TOOLS));
        cli.askedBy(RealCli.SDK, full);
        ObjectNode again = cli.askedBy(RealCli.SDK, plain);
        // An older version counts on what it has cost, and each answer has a process of its own.
        if (version == CliVersion.NEWEST) assertEquals(pids, pids(), "another process");
        for (ObjectNode body : List.of(first, again)) body.remove("metadata");
        assertEquals(withoutDigest(first), withoutDigest(again));
    }

    @Test
    void betasAndKeysOfARequestAreLeftNowhere() {
        version.assumeIsQuickOr(false);
        ObjectNode plain = Api.MESSAGES.request("plain", false);
        cli.askedBy(RealCli.SDK, plain);
        String before = cli.asked().getFirst().header("anthropic-beta");
        cli.askedBy(RealCli.SDK, plain, "anthropic-beta", "x-one", "x-api-key", "a-clients-key");
        assertTrue(cli.asked().getFirst().header("anthropic-beta").contains("x-one"));
        assertEquals("a-key-of-the-test", cli.asked().getFirst().header("x-api-key"));
        cli.askedBy(RealCli.SDK, plain);
        assertEquals(before, cli.asked().getFirst().header("anthropic-beta"));
    }

    /// The CLI's first block holds a digest of its version and the conversation.
    private static String withoutDigest(ObjectNode body) {
        return body.toString().replaceAll("cc_version=[0-9.]+[0-9a-f]+", "");
    }

    private static Set<Long> pids() {
        var pids = new TreeSet<Long>();
        RealCli.processes().forEach(process -> pids.add(process.pid()));
        return pids;
    }

    @Test
    void modelsAreTheCliOwn() {
        JsonNode models = Json.tree(cli.server().get("/sdk/v1/models").body());
        assertEquals("list", models.path("object").asString());
        assertTrue(models.path("data").size() > 1, models::toString);
        JsonNode native_ =
                Json.tree(
                        cli.server()
                                .get("/sdk/v1/models", "anthropic-version", "2023-06-01")
                                .body());
        String id = native_.path("data").path(0).path("id").asString();
        assertTrue(id.startsWith("claude-"), native_::toString);
        assertEquals(200, cli.server().get("/sdk/v1/models/" + id).statusCode());
        assertEquals(404, cli.server().get("/sdk/v1/models/nothing-like-it").statusCode());
    }

    @Test
    void tokensAreEstimated() {
        cli.reset();
        var answer =
                cli.server()
                        .post(
                                "/sdk/v1/messages/count_tokens",
                                Api.MESSAGES.body("one two three four five six seven"));
        assertEquals(200, answer.statusCode(), answer::body);
        assertTrue(Json.tree(answer.body()).path("input_tokens").asInt() > 3, answer::body);
        assertEquals("true", answer.headers().firstValue("x-ccproxy-estimate").orElse(""));
        assertEquals(List.of(), cli.asked());
    }
}
