package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.CliSettings.MessageMode;
import ccproxy.wire.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The real CLI as an agent, with tools of its own and a conversation of its own.
@Tag("real-cli")
class RealCliAgentTest {
    private static final String READ = "I look. It says: 1\t" + RealAgent.NOTE;

    @TempDir Path folder;
    private RealAgent agent;

    @AfterEach
    void stop() throws IOException {
        if (agent == null) return;
        agent.close();
        Eventually.isTrue("nothing is left", () -> RealCli.processes().isEmpty());
    }

    private RealAgent start(CliVersion version) throws IOException {
        agent = new RealAgent(version, folder);
        return agent.start();
    }

    /// {@return the one process that runs, once it is the only one}
    private static long pid() {
        Eventually.isTrue("one process", () -> RealCli.processes().size() == 1);
        return RealCli.processes().getFirst().pid();
    }

    /// {@return a request that brings its whole history, user and assistant in turn}
    private static ObjectNode history(String... texts) {
        ObjectNode request = Api.MESSAGES.request(texts[0], false);
        ArrayNode messages = request.withArray("messages");
        for (int i = 1; i < texts.length; i++)
            messages.addObject()
                    .put("role", i % 2 == 0 ? "user" : "assistant")
                    .put("content", texts[i]);
        return request;
    }

    private JsonNode post(String path, ObjectNode request) {
        HttpResponse<String> answer = agent.server().post(path, request.toString());
        assertEquals(200, answer.statusCode(), answer::body);
        return Json.tree(answer.body());
    }

    @ParameterizedTest
    @CsvSource({
        "NEWEST, IGNORE", "NEWEST, FORMATTED", "NEWEST, FORWARD",
        "OLDEST, IGNORE", "OLDEST, FORMATTED", "OLDEST, FORWARD"
    })
    void turnIsOneAnswerInBothApis(CliVersion version, MessageMode mode) throws IOException {
        version.assumeIsQuickOr(mode == MessageMode.FORWARD);
        agent = new RealAgent(version, folder).mode(mode).start();
        for (Api api : Api.values()) {
            // Older versions do not read again what has not changed.
            Files.writeString(agent.note(), RealAgent.NOTE + ", to " + api);
            String whole = agent.say(api, "s1", agent.read());
            Files.writeString(agent.note(), RealAgent.NOTE + ", to a stream for " + api);
            String stream = agent.server().post("/s1" + api.path, api.stream(agent.read())).body();
            assertTrue(api.isWhole(stream), stream);
            String text = text(api, whole);
            String streamed = api.streamedText(stream);
            if (mode == MessageMode.FORMATTED) {
                for (String each : List.of(text, streamed)) {
                    assertTrue(
                            each.matches(
                                    "(?s)(<system_message_sdk .*)?I look. <tool_use_sdk id=\"toolu_.*\" name=\"Read\">.*</tool_use_sdk>\n<tool_result_sdk tool_use_id=\"toolu_.*\">1\t.*</tool_result_sdk>\n(<system_message_sdk .*)?It says: 1\t.*"),
                            each);
                }
            } else {
                assertTrue(text.startsWith(READ), text);
                assertTrue(streamed.startsWith(READ), streamed);
            }
            assertEquals(
                    mode == MessageMode.FORWARD, types(api, List.of(Json.tree(whole))).size() > 0);
            assertEquals(mode == MessageMode.FORWARD, types(api, Api.events(stream)).size() > 0);
            if (mode != MessageMode.FORWARD) continue;
            var expected = List.of("tool_use_sdk", "tool_result_sdk");
            for (List<String> types :
                    List.of(
                            types(api, List.of(Json.tree(whole))),
                            types(api, Api.events(stream)))) {
                assertEquals("system_message_sdk", types.getFirst());
                types.removeIf("system_message_sdk"::equals);
                assertEquals(expected, types);
            }
        }
        List<String> told = agent.told();
        assertEquals(4, told.stream().filter("call Read"::equals).count(), told::toString);
        assertFalse(agent.asked().toString().contains("_sdk"), "ours is not the model's");
        pid();
    }

    private static String text(Api api, String whole) {
        if (api == Api.CHAT) return api.text(whole);
        var text = new StringBuilder();
        for (JsonNode block : Json.tree(whole).path("content"))
            text.append(block.path("text").asString(""));
        return text.toString();
    }

    /// {@return the blocks of the CLI's doings that are told outside the text}
    private static List<String> types(Api api, List<JsonNode> told) {
        var types = new ArrayList<String>();
        for (JsonNode each : told) {
            if (api == Api.CHAT) {
                each.path("x_claude").path("server_tools").forEach(b -> types.add(type(b)));
            } else {
                each.path("content").forEach(b -> types.add(type(b)));
                if (each.has("content_block")) types.add(type(each.path("content_block")));
            }
        }
        types.removeIf(type -> !type.endsWith("_sdk"));
        return types;
    }

    private static String type(JsonNode block) {
        return block.path("type").asString("");
    }

    @ParameterizedTest
    @EnumSource
    void whatWouldBeAskedAboutIsDeniedAndTheTurnGoesOn(CliVersion version) throws IOException {
        start(version);
        Path outside = agent.work().resolveSibling("outside");
        String answer =
                agent.say(
                        Api.MESSAGES,
                        "",
                        "use Bash {\"command\":\"touch " + outside + "\",\"description\":\"x\"}");
        assertFalse(Files.exists(outside));
        assertTrue(text(Api.MESSAGES, answer).startsWith("I look. It says: "), answer);
        JsonNode messages = agent.asked().getLast().path("messages");
        JsonNode result = messages.path(messages.size() - 1).path("content").path(0);
        assertTrue(result.path("is_error").asBoolean(false), result::toString);
    }

    @ParameterizedTest
    @EnumSource
    void withoutASessionNothingIsLeftOfIt(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        start(version);
        agent.say(Api.MESSAGES, "", agent.read());
        Eventually.isTrue("ended", () -> RealCli.processes().isEmpty());
        assertEquals(List.of(), transcripts());
        // A history is told to it.
        post("/v1/messages", history("one", "two", "three"));
        assertEquals(List.of("user: one", "assistant: two", "user: three"), agent.told());
        assertEquals(List.of(), transcripts());
    }

    private List<Path> transcripts() throws IOException {
        if (!Files.isDirectory(agent.projects())) return List.of();
        try (Stream<Path> all = Files.walk(agent.projects())) {
            return all.filter(file -> file.toString().endsWith(".jsonl")).toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void sessionGoesOnInItsProcess(CliVersion version) throws IOException {
        start(version);
        agent.say(Api.MESSAGES, "s1", agent.read());
        long pid = pid();
        List<String> first = agent.told();
        agent.say(Api.CHAT, "s1", "two");
        List<String> second = agent.told();
        assertEquals(first, second.subList(0, first.size()));
        assertTrue(second.get(first.size()).startsWith("assistant: It says: "), second::toString);
        assertEquals("user: two", second.getLast());
        assertEquals(first.size() + 2, second.size());
        // Who gives the whole conversation back means the same one.
        agent.say(Api.MESSAGES, "s2", "one");
        post("/s2/v1/messages", history("one", "heard: one", "two"));
        assertEquals(List.of("user: one", "assistant: heard: one", "user: two"), agent.told());
        assertEquals(2, RealCli.processes().size());
        agent.say(Api.CHAT, "s1", "three");
        List<String> third = agent.told();
        assertEquals(second, third.subList(0, second.size()));
        assertEquals(
                List.of("assistant: heard: two", "user: three"),
                third.subList(second.size(), third.size()));
        assertTrue(RealCli.processes().stream().anyMatch(p -> p.pid() == pid));
        assertEquals(2, RealCli.processes().size());
    }

    @ParameterizedTest
    @EnumSource
    void sessionWhoseProcessWasNeededElsewhereIsResumed(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        agent = new RealAgent(version, folder).processesMax(1).start();
        agent.say(Api.MESSAGES, "s1", agent.read());
        long pid = pid();
        agent.say(Api.MESSAGES, "s2", "other");
        assertEquals(List.of("user: other"), agent.told());
        agent.say(Api.MESSAGES, "s1", "two");
        assertResumed("two");
        assertFalse(RealCli.processes().stream().anyMatch(p -> p.pid() == pid));
        pid();
    }

    /// The conversation is whole, with the call that the client never saw.
    private void assertResumed(String last) {
        List<String> told = agent.told();
        assertEquals(
                List.of("user: " + agent.read(), "assistant: I look. ", "call Read", "result"),
                told.subList(0, 4));
        assertTrue(told.get(4).startsWith("assistant: It says: "), told::toString);
        assertEquals("user: " + last, told.getLast());
        assertEquals(6, told.size(), told::toString);
    }

    @ParameterizedTest
    @EnumSource
    void serverThatWasKilledGoesOnWhereItWas(CliVersion version) throws Exception {
        start(version);
        List<ProcessHandle> left;
        try (Program program = program(version)) {
            ask(program, agent.read());
            left = program.children();
            program.kill();
        }
        assertEquals(1, left.size());
        Eventually.isTrue("CLI gone", () -> left.stream().noneMatch(ProcessHandle::isAlive));
        try (Program program = program(version)) {
            ask(program, "two");
            assertResumed("two");
            assertEquals(0, program.stop());
        }
    }

    private Program program(CliVersion version) throws IOException {
        return new Program(
                folder,
                List.of("-Xmx128m"),
                agent.environment(),
                "--backend=sdk",
                "--sdk-path=" + version.path(),
                "--sdk-tools=Read",
                "--sdk-warm=0",
                "--sdk-cwd=" + agent.work());
    }

    private static void ask(Program program, String text) throws IOException {
        try (RawClient client = program.raw()) {
            client.post("/s1/v1/messages", Api.MESSAGES.body(text));
            RawClient.Answer answer = client.answer();
            assertEquals(200, answer.status(), () -> answer.body() + program.log());
        }
    }

    @ParameterizedTest
    @EnumSource
    void lostConversationBeginsAnewFromWhatWeHold(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        agent = new RealAgent(version, folder).mode(MessageMode.FORMATTED).start();
        agent.say(Api.MESSAGES, "s1", agent.read());
        agent.restart();
        for (Path transcript : transcripts()) Files.delete(transcript);
        agent.say(Api.MESSAGES, "s1", "two");
        List<String> told = agent.told();
        assertEquals(List.of("user: " + agent.read(), "assistant: I look. "), told.subList(0, 2));
        assertTrue(told.get(2).startsWith("assistant: It says: "), told::toString);
        assertEquals("user: two", told.get(3));
        assertEquals(4, told.size(), told::toString);
        long pid = pid();
        // And it goes on from there, also after another restart.
        agent.say(Api.MESSAGES, "s1", "three");
        assertEquals(pid, pid());
        assertEquals(6, agent.told().size(), agent.told()::toString);
        agent.restart();
        agent.say(Api.MESSAGES, "s1", "four");
        assertEquals("user: four", agent.told().getLast());
        assertEquals(8, agent.told().size(), agent.told()::toString);
    }

    @ParameterizedTest
    @EnumSource
    void historyThatDiffersBeginsAnew(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        start(version);
        agent.say(Api.MESSAGES, "s1", "one");
        agent.say(Api.MESSAGES, "s1", "two");
        post("/s1/v1/messages", history("one", "something else", "three"));
        assertEquals(
                List.of("user: one", "assistant: something else", "user: three"), agent.told());
        agent.say(Api.CHAT, "s1", "four");
        assertEquals(
                List.of(
                        "user: one",
                        "assistant: something else",
                        "user: three",
                        "assistant: heard: three",
                        "user: four"),
                agent.told());
    }

    @ParameterizedTest
    @EnumSource
    void systemTextIsTheRequests(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        start(version);
        ObjectNode request = Api.MESSAGES.request("one", false).put("system", "be a pirate");
        post("/s1/v1/messages", request);
        assertTrue(system().endsWith("be a pirate"), system());
        agent.say(Api.MESSAGES, "s1", "two");
        assertTrue(system().endsWith("be a pirate"), system());
        post("/s1/v1/messages", Api.MESSAGES.request("three", false).put("system", "be a poet"));
        assertTrue(system().endsWith("be a poet"), system());
        assertEquals(5, agent.told().size(), agent.told()::toString);
    }

    private String system() {
        JsonNode system = agent.asked().getLast().path("system");
        return system.path(system.size() - 1).path("text").asString();
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesEndsTheAnswerAndNotTheSession(CliVersion version) throws Exception {
        start(version);
        agent.say(Api.MESSAGES, "s1", "one");
        long pid = pid();
        int before = agent.upstream().requests().size();
        RawClient client =
                agent.server().raw().post("/s1/v1/messages", Api.MESSAGES.stream("slowly"));
        client.readUntil("half");
        client.close();
        assertTrue(agent.upstream().connection(before).isLeftWithinMillis(5_000), "still asking");
        agent.say(Api.MESSAGES, "s1", "three");
        List<String> told = agent.told();
        told.replaceAll(String::stripTrailing);
        told.removeIf("user: [Request interrupted by user]"::equals);
        assertEquals(
                List.of(
                        "user: one",
                        "assistant: heard: one",
                        "user: slowly",
                        "assistant: half",
                        "user: three"),
                told);
        assertEquals(pid, pid());
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesBeforeItsProcessHasBegunWasNeverThere(CliVersion version)
            throws Exception {
        version.assumeIsQuickOr(false);
        start(version);
        agent.say(Api.MESSAGES, "s1", "one");
        agent.restart();
        RawClient client = agent.server().raw().post("/s1/v1/messages", Api.MESSAGES.stream("two"));
        Eventually.isTrue("started", () -> !RealCli.processes().isEmpty());
        client.close();
        agent.server().log().requestLines(1);
        agent.say(Api.MESSAGES, "s1", "three");
        assertEquals(List.of("user: one", "assistant: heard: one", "user: three"), agent.told());
        agent.say(Api.MESSAGES, "s1", "four");
        assertEquals(5, agent.told().size(), agent.told()::toString);
        pid();
    }

    @ParameterizedTest
    @EnumSource
    void textsOfAClientAreTexts(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        start(version);
        Path secret = Files.writeString(folder.resolve("secret"), "the pass" + "word is moon");
        String at = "look at @" + secret + " and @" + agent.note();
        agent.say(Api.MESSAGES, "s1", at);
        agent.say(Api.CHAT, "s1", "/clear");
        agent.say(Api.CHAT, "s1", "/model opus");
        List<String> told = agent.told();
        assertEquals("user: " + at, told.getFirst());
        assertEquals("user: \n/clear", told.get(2));
        assertEquals("user: \n/model opus", told.get(4));
        post("/s2/v1/messages", history(at, "/clear", "/clear", "@" + secret, "/compact"));
        assertEquals(
                List.of(
                        "user: " + at,
                        "assistant: /clear",
                        "user: \n/clear",
                        "assistant: @" + secret,
                        "user: \n/compact"),
                agent.told());
        String all = agent.asked().toString();
        assertFalse(all.contains("the pass" + "word"), all);
        assertFalse(all.contains(RealAgent.NOTE), all);
    }

    @ParameterizedTest
    @EnumSource
    void requestWithToolsOfItsOwnIsForTheModelAlone(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        agent = new RealAgent(version, folder).mode(MessageMode.FORWARD).start();
        agent.say(Api.MESSAGES, "s1", agent.read());
        ObjectNode request = Api.MESSAGES.request("two", false);
        request.putArray("tools")
                .addObject()
                .put("name", "own")
                .putObject("input_schema")
                .put("type", "object");
        for (String path : List.of("/v1/messages", "/s1/v1/messages")) {
            post(path, request);
            JsonNode body = agent.asked().getLast();
            assertEquals(request.path("tools"), body.path("tools"));
            assertFalse(body.path("messages").toString().contains("_sdk"), body::toString);
        }
        List<String> told = agent.told();
        assertEquals("user: two", told.getLast());
        assertEquals("user: " + agent.read(), told.getFirst());
    }

    @ParameterizedTest
    @EnumSource
    void otherModelIsToldTheSameConversation(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        start(version);
        agent.say(Api.MESSAGES, "s1", "one");
        post("/s1/v1/messages", Api.MESSAGES.request("two", false).put("model", "claude-opus-5"));
        assertEquals("claude-opus-5", agent.asked().getLast().path("model").asString());
        agent.say(Api.MESSAGES, "s1", "three");
        assertEquals(Api.MODEL, agent.asked().getLast().path("model").asString());
        assertEquals(
                List.of(
                        "user: one",
                        "assistant: heard: one",
                        "user: two",
                        "assistant: heard: two",
                        "user: three"),
                agent.told());
        pid();
    }

    @ParameterizedTest
    @EnumSource
    void answerThatIsCutShortIsTheEndOfTheTurn(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        start(version);
        String answer = agent.say(Api.CHAT, "s1", "at length");
        assertEquals(
                "length",
                Json.tree(answer).path("choices").path(0).path("finish_reason").asString());
        assertEquals("heard: at length", Api.CHAT.text(answer));
        agent.say(Api.CHAT, "s1", "two");
        assertEquals("user: two", agent.told().getLast());
        assertEquals(
                List.of("user: at length", "assistant: heard: at length"),
                agent.told().subList(0, 2));
    }

    @ParameterizedTest
    @EnumSource
    void turnsAtOnceFollowOneAnother(CliVersion version) throws IOException {
        version.assumeIsQuickOr(false);
        start(version);
        agent.say(Api.MESSAGES, "s1", "begin");
        var turns = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (int i = 0; i < 8; i++)
            turns.add(
                    agent.server()
                            .sendAsync(
                                    "POST", "/s1/v1/messages", Api.MESSAGES.stream("turn " + i)));
        turns.forEach(turn -> assertEquals(200, turn.join().statusCode(), turn.join()::body));
        List<JsonNode> asked = agent.asked();
        for (int i = 0; i < asked.size(); i++) {
            List<String> told = RealAgent.told(asked.get(i));
            assertEquals(2 * i + 1, told.size(), told::toString);
            assertEquals(told.size(), new TreeSet<>(told).size(), told::toString);
        }
        assertEquals(9, asked.size());
        pid();
    }

    @ParameterizedTest
    @EnumSource
    void neverMoreProcessesThanAllowed(CliVersion version) throws Exception {
        version.assumeIsQuickOr(false);
        agent = new RealAgent(version, folder).processesMax(2).start();
        var turns = new ArrayList<CompletableFuture<HttpResponse<String>>>();
        for (int i = 0; i < 4; i++)
            turns.add(
                    agent.server()
                            .sendAsync("POST", "/s" + i + "/v1/messages", Api.MESSAGES.body("x")));
        int most = 0;
        while (!turns.stream().allMatch(CompletableFuture::isDone)) {
            most = Math.max(most, RealCli.processes().size());
            Thread.sleep(5);
        }
        turns.forEach(turn -> assertEquals(200, turn.join().statusCode(), turn.join()::body));
        assertTrue(most <= 2, "" + most);
    }
}
