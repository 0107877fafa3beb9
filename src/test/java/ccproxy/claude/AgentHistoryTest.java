package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class AgentHistoryTest {
    @TempDir Path folder;

    /// A request, its quotes written as `'`.
    private static MessagesRequest request(String messages) {
        return request("'be brief'", messages);
    }

    private static MessagesRequest request(String system, String messages) {
        String json =
                "{'model':'m','max_tokens':9,'system':%s,'messages':[%s]}"
                        .formatted(system, messages);
        return Answers.request(json.replace('\'', '"'));
    }

    private static String digest(String messages) {
        return digest(request(messages));
    }

    private static String digest(MessagesRequest request) {
        return AgentHistory.digest(request, request.messages().size(), "");
    }

    private static String user(String content) {
        return "{'role':'user','content':" + content + "}";
    }

    private static String assistant(String content) {
        return "{'role':'assistant','content':" + content + "}";
    }

    private static JsonNode asked(String content) {
        return AgentHistory.question(request(user(content))).path("message").path("content");
    }

    @Test
    void conversationIsKnownByItsBeginning() {
        String first = user("'hi'");
        String whole = first + "," + assistant("'hello'") + "," + user("'more'");
        assertEquals(digest(first), AgentHistory.digest(request(whole), 1, ""));
    }

    @Test
    void answerCountsAsTheMessageThatItBecomes() {
        String first = user("'hi'");
        assertEquals(
                digest(first + "," + assistant("'hello'")),
                AgentHistory.digest(request(first), 1, " hello\n"));
        assertEquals(digest(first), AgentHistory.digest(request(first), 1, " \n"));
    }

    @Test
    void textAndItsBlockAreTheSame() {
        assertEquals(digest(user("'hi'")), digest(user("[{'type':'text','text':'hi'}]")));
        assertEquals(
                digest(user("'hi'") + "," + assistant("'a'")),
                digest(user("'hi'") + "," + assistant("[{'type':'text','text':'a'}]")));
    }

    @Test
    void cacheMarksDoNotMatter() {
        assertEquals(
                digest(user("[{'type':'text','text':'hi'}]")),
                digest(user("[{'type':'text','text':'hi','cache_control':{'type':'ephemeral'}}]")));
        String marked = "[{'type':'text','text':'be brief','cache_control':{'type':'ephemeral'}}]";
        assertEquals(digest(user("'hi'")), digest(request(marked, user("'hi'"))));
    }

    @Test
    void ofAnAnswerItsTextAloneMatters() {
        String hi = user("'hi'") + ",";
        String said = digest(hi + assistant("'ab'"));
        assertEquals(
                said,
                digest(
                        hi
                                + assistant(
                                        "[{'type':'thinking','thinking':'hm','signature':'s'},{'type':'text','text':'a'},{'type':'tool_use_sdk','id':'t'},{'type':'text','text':'b'}]")));
        assertEquals(said, digest(hi + assistant("' ab\\n'")));
        // A text that a client stopped is remembered block by block, each without its end's blanks.
        assertEquals(
                digest(
                        hi
                                + assistant(
                                        "[{'type':'text','text':'I look.'},{'type':'text','text':'Ha'}]")),
                AgentHistory.digest(request(user("'hi'")), 1, "I look. Ha "));
    }

    @Test
    void whatIsDifferentIsTold() {
        String hi = user("'hi'");
        var digests = new HashSet<String>();
        List<MessagesRequest> all =
                List.of(
                        request(hi),
                        request("'be long'", hi),
                        request("''", hi),
                        request(user("'hi '")),
                        request(assistant("'hi'")),
                        request(hi + "," + assistant("'a'")),
                        request(hi + "," + assistant("'b'")),
                        request(hi + "," + user("'a'")),
                        request(user("'a'") + "," + hi),
                        request(user("[{'type':'image','source':{'type':'url','url':'u'}}]")),
                        request(user("[{'type':'image','source':{'type':'url','url':'v'}}]")),
                        request(user("[{'type':'tool_result','tool_use_id':'t'}]")));
        for (MessagesRequest one : all) assertTrue(digests.add(digest(one)), one.raw()::toString);
    }

    @Test
    void partsDoNotRunIntoEachOther() {
        var digests = new HashSet<String>();
        for (String messages :
                List.of(
                        user("'ab'"),
                        user("'a'") + "," + user("'b'"),
                        user("[{'type':'text','text':'a'},{'type':'text','text':'b'}]"),
                        user("'a'") + "," + assistant("'b'"),
                        user("'a'") + "," + assistant("''") + "," + user("'b'"),
                        user("'assistant'") + "," + user("'b'"),
                        user("'a9:assistant1:b'")))
            assertTrue(digests.add(digest(messages)), messages);
        assertNotEquals(digest(request("'ab'", user("'c'"))), digest(request("'a'", user("'bc'"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/clear", "/", "/compact now", "//x", "/ x"})
    void textThatWouldBeACommandGetsALineBreak(String text) {
        JsonNode block = asked("'" + text + "'").path(0);
        assertEquals("text", block.path("type").asString());
        assertEquals("\n" + text, block.path("text").asString());
        assertEquals(
                "\n" + text,
                asked("[{'type':'text','text':'" + text + "'}]").path(0).path("text").asString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a /clear", " /clear", "@/etc/hostname", "", "!ls", "#x", "a/b"})
    void otherTextStaysAsItIs(String text) {
        assertEquals(text, asked("'" + text + "'").path(0).path("text").asString());
    }

    @Test
    void everyTextIsLookedAtAndNothingElse() {
        JsonNode blocks =
                asked(
                        "[{'type':'text','text':'/a'},{'type':'image','source':{'type':'url','url':'/u'}},{'type':'text','text':'b'},{'type':'text','text':'/c','cache_control':{'type':'ephemeral'}}]");
        assertEquals("\n/a", blocks.path(0).path("text").asString());
        assertEquals("/u", blocks.path(1).path("source").path("url").asString());
        assertEquals("b", blocks.path(2).path("text").asString());
        assertEquals("\n/c", blocks.path(3).path("text").asString());
    }

    @Test
    void requestItselfIsNotChanged() {
        MessagesRequest request = request(user("[{'type':'text','text':'/a'}]"));
        String before = request.raw().toString();
        AgentHistory.question(request);
        assertEquals(before, request.raw().toString());
    }

    @Test
    void afterALastAnswerTheCliIsToldToGoOn() {
        JsonNode line = AgentHistory.question(request(user("'hi'") + "," + assistant("'I th'")));
        assertEquals("user", line.path("message").path("role").asString());
        assertTrue(line.path("message").path("content").isString());
    }

    /// A process that notes what it is told and confirms what is to be confirmed.
    private ClaudeProcess process(String program) throws IOException {
        return ClaudeProcess.start(
                List.of("/bin/sh", "-c", program, "sh", folder.resolve("told").toString()),
                Map.of("PATH", "/usr/bin:/bin"),
                CliFolders.open(),
                folder.toString(),
                () -> {});
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void historyIsToldInOrderAndTheLastMessageIsNot() throws Exception {
        MessagesRequest request =
                request(
                        String.join(
                                ",",
                                user("'/one'"),
                                assistant(
                                        "[{'type':'text','text':'<tool_use_sdk id=\\'t\\'>{}</tool_use_sdk>\\n'},{'type':'thinking','thinking':'hm','signature':'s'},{'type':'tool_result_sdk'},{'type':'text','text':'two'}]"
                                                .replace("\\'t\\'", "t")),
                                user("'three'"),
                                assistant("'four'"),
                                user("'five'")));
        try (ClaudeProcess process =
                process(
                        "while read -r l; do printf '%s\\n' \"$l\" >>\"$1\"; case $l in *shouldQuery*) echo '{\"type\":\"result\"}';; esac; done")) {
            AgentHistory.feed(process, request, 0);
            AgentHistory.feed(process, request(user("'x'") + "," + user("'y'")), 0);
            List<JsonNode> told =
                    Files.readAllLines(folder.resolve("told")).stream().map(Json::tree).toList();
            List<String> texts =
                    told.stream()
                            .map(line -> line.path("message").path("content"))
                            .map(blocks -> blocks.path(blocks.size() - 1).path("text").asString())
                            .toList();
            assertEquals(List.of("\n/one", "two", "three", "four", "x"), texts);
            for (JsonNode line : told) {
                boolean isUser = line.path("type").asString().equals("user");
                assertEquals(isUser, line.has("shouldQuery"), line::toString);
                assertFalse(line.path("shouldQuery").asBoolean(false));
            }
            assertEquals(
                    List.of("thinking", "text"),
                    told.get(1)
                            .path("message")
                            .path("content")
                            .valueStream()
                            .map(block -> block.path("type").asString())
                            .toList(),
                    "what we showed of the CLI's doings is no answer of the model's");
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void onlyWhatIsNewIsTold() throws Exception {
        MessagesRequest request =
                request(
                        user("'a'")
                                + ","
                                + assistant("'b'")
                                + ","
                                + user("'c'")
                                + ","
                                + user("'d'"));
        try (ClaudeProcess process =
                process(
                        "read -r l; printf '%s\\n' \"$l\" >\"$1\"; echo '{\"type\":\"result\"}'; read -r l")) {
            AgentHistory.feed(process, request, 2);
            String told = Files.readString(folder.resolve("told"));
            assertEquals(1, told.lines().count(), told);
            assertTrue(told.contains("\"c\""), told);
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void processThatDiesWhileItIsToldIsAFailure() throws Exception {
        try (ClaudeProcess process = process("read -r l")) {
            MessagesRequest request = request(user("'a'") + "," + user("'b'"));
            assertThrows(IOException.class, () -> AgentHistory.feed(process, request, 0));
            assertTrue(process.awaitEnd(Duration.ofSeconds(5)));
        }
    }
}
