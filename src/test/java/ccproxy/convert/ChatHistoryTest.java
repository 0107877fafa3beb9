package ccproxy.convert;

import static ccproxy.convert.Conversion.messages;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.convert.ChatToMessages.Options;
import ccproxy.wire.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/// Cases 1-9, 21-27, 48, 51-53: the messages of a request.
class ChatHistoryTest {
    private static final String USER = "{'role':'user','content':'hi'}";

    private static String call(String id, String name, String arguments) {
        return "{'role':'assistant','tool_calls':[{'id':'%s','type':'function','function':{'name':'%s','arguments':%s}}]}"
                .formatted(id, name, arguments);
    }

    private static String calls(String... ids) {
        var all = new StringBuilder();
        for (String id : ids) {
            all.append(all.isEmpty() ? "" : ",")
                    .append(
                            "{'id':'"
                                    + id
                                    + "','type':'function','function':{'name':'f','arguments':''}}");
        }
        return "{'role':'assistant','content':null,'tool_calls':[" + all + "]}";
    }

    private static String result(String id, String content) {
        return "{'role':'tool','tool_call_id':'%s','content':'%s'}".formatted(id, content);
    }

    private static String toolResult(String id, String content) {
        return "{'type':'tool_result','tool_use_id':'%s','content':[{'type':'text','text':'%s'}]}"
                .formatted(id, content);
    }

    private static String text(String text) {
        return "{'type':'text','text':'" + text + "'}";
    }

    @Test
    void aMessagesOwnCacheMarkIsOnItsLastBlock() {
        Conversion.messages(
                        Models.OLD,
                        "{'role':'system','content':'s','cache_control':{'type':'ephemeral','ttl':'1h'}},"
                                + "{'role':'user','content':['a','b'],'cache_control':{'type':'ephemeral'},'mood':'good'}")
                .has("/system/0/cache_control", "{'type':'ephemeral','ttl':'1h'}")
                .has("/messages/0/content/1/cache_control", "{'type':'ephemeral'}")
                .warns("messages[1].mood=dropped");
    }

    @Test // 1
    void resultsOfParallelCallsShareOneTurn() {
        messages(Models.OLD, USER, calls("a", "b"), result("a", "1"), result("b", "2"))
                .has(
                        "/messages/1",
                        "{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}},"
                                + "{'type':'tool_use','id':'b','name':'f','input':{}}]}")
                .has(
                        "/messages/2",
                        "{'role':'user','content':["
                                + toolResult("a", "1")
                                + ","
                                + toolResult("b", "2")
                                + "]}")
                .has("/messages/3", "")
                .warns("");
    }

    @Test // 2
    void resultsStandBeforeOtherContent() {
        messages(
                        Models.OLD,
                        USER,
                        calls("a", "b"),
                        result("a", "1"),
                        "{'role':'user','content':'and'}",
                        result("b", "2"))
                .has(
                        "/messages/2/content",
                        "["
                                + toolResult("a", "1")
                                + ","
                                + toolResult("b", "2")
                                + ","
                                + text("and")
                                + "]");
    }

    @Test // 3
    void aMissingResultIsAdded() {
        messages(
                        Models.OLD,
                        USER,
                        calls("a", "b"),
                        result("b", "2"),
                        "{'role':'user','content':'and'}")
                .has(
                        "/messages/2/content",
                        "["
                                + toolResult("b", "2")
                                + ",{'type':'tool_result','tool_use_id':'a','content':'no result was returned','is_error':true},"
                                + text("and")
                                + "]")
                .warns("messages=tool_result_added(a)");
    }

    @Test // 4
    void aResultWithoutItsCallIsText() {
        String long600 = "x".repeat(600);
        messages(Models.OLD, USER, result("z.1", long600))
                .has(
                        "/messages/0/content",
                        "["
                                + text("hi")
                                + ","
                                + text("[tool result for unknown call z.1]")
                                + ","
                                + text(long600)
                                + "]")
                .warns("messages[1].tool_call_id=sent_as_text");
    }

    @Test // 5
    void ofTwoResultsForOneCallTheLaterCounts() {
        messages(
                        Models.OLD,
                        USER,
                        calls("a", "b"),
                        result("a", "1"),
                        result("b", "2"),
                        result("a", "3"))
                .has(
                        "/messages/2/content",
                        "[" + toolResult("a", "3") + "," + toolResult("b", "2") + "]")
                .warns("messages[4].tool_call_id=duplicate");
    }

    @ParameterizedTest // 6
    @ValueSource(strings = {"null", "''", "[]", "[{'type':'text','text':''}]"})
    void callsWithoutTextHaveNoTextBlock(String content) {
        String message = calls("a").replace("'content':null", "'content':" + content);
        messages(Models.OLD, USER, message)
                .has("/messages/1/content", "[{'type':'tool_use','id':'a','name':'f','input':{}}]");
    }

    @ParameterizedTest // 7
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    ''              | {}                | ``
                    ' '             | {}                | ``
                    {'a':1}         | {'a':1}           | ``
                    '[1]'           | {'value':[1]}     | messages[1].tool_calls[0].function.arguments=wrapped
                    'null'          | {'value':null}    | messages[1].tool_calls[0].function.arguments=wrapped
                    '{bad'          | {'_raw':'{bad'}   | messages[1].tool_calls[0].function.arguments=not_json
                    null            | {}                | ``
                    """)
    void argumentsAreAlwaysAnObject(String arguments, String input, String warning) {
        messages(Models.OLD, USER, call("a", "f", arguments), result("a", "1"))
                .has("/messages/1/content/0/input", input)
                .warns(warning);
    }

    @Test // 8
    void idsAreLegalAndTheSameInCallResultAndEveryTurn() {
        String[] turn = {USER, calls("functions.Bash:0"), result("functions.Bash:0", "1")};
        Conversion first = messages(Models.OLD, turn);
        String id = first.at("/messages/1/content/0/id");
        assertEquals("'call_" + ToolNames.hash("functions.Bash:0") + "'", id);
        first.has("/messages/2/content/0/tool_use_id", id);
        messages(
                        Models.OLD,
                        USER,
                        calls("functions.Bash:0"),
                        result("functions.Bash:0", "1"),
                        calls("b"))
                .has("/messages/1/content/0/id", id);
    }

    @Test // 9
    void toolNamesStayDifferentAndComeBack() {
        String tools =
                ",'tools':[{'type':'function','function':{'name':'a/b.c'}},{'type':'function','function':{'name':'a_b_c'}}]";
        Conversion converted = Conversion.asked(Models.OLD, tools);
        String odd = "a_b_c_" + ToolNames.hash("a/b.c");
        converted.has("/tools/0/name", "'" + odd + "'").has("/tools/1/name", "'a_b_c'");
        var message = Json.object().put("stop_reason", "tool_use");
        message.putArray("content")
                .add(Json.object().put("type", "tool_use").put("id", "t").put("name", odd))
                .add(Json.object().put("type", "tool_use").put("id", "u").put("name", "a_b_c"));
        ObjectNode answer = Json.object("answer", converted.answers().completion(message));
        assertEquals(
                "a/b.c", answer.at("/choices/0/message/tool_calls/0/function/name").asString());
        assertEquals(
                "a_b_c", answer.at("/choices/0/message/tool_calls/1/function/name").asString());
        messages(Models.OLD, USER, call("a", "a/b.c", "''"))
                .has("/messages/1/content/0/name", "'" + odd + "'")
                .has("/tools/0/name", "'" + odd + "'");
        String tooLong = "n".repeat(129);
        Conversion.asked(
                        Models.OLD,
                        ",'tools':[{'type':'function','function':{'name':'" + tooLong + "'}}]")
                .has("/tools/0/name", "'" + "n".repeat(100) + "_" + ToolNames.hash(tooLong) + "'");
    }

    @Test // 21
    void allLeadingSystemTextsStayInOrder() {
        messages(
                        Models.OLD,
                        "{'role':'system','content':'a'}",
                        "{'role':'system','content':[{'type':'text','text':'b'},{'type':'text','text':''},{'type':'text','text':'c'}]}",
                        "{'role':'developer','content':'d'}",
                        USER)
                .has(
                        "/system",
                        "[" + text("a") + "," + text("b") + "," + text("c") + "," + text("d")
                                + "]");
    }

    @Test // 22
    void cacheMarksKeepTheirLife() {
        messages(
                        Models.OLD,
                        "{'role':'system','content':[{'type':'text','text':'a','cache_control':{'type':'ephemeral','ttl':'1h'}}]}",
                        "{'role':'user','content':[{'type':'text','text':'b','prompt_cache_breakpoint':{'mode':'explicit'}},"
                                + "{'type':'text','text':'c','prompt_cache_breakpoint':{'mode':'explicit','ttl':'12h'}}]}")
                .has("/system/0/cache_control", "{'type':'ephemeral','ttl':'1h'}")
                .has("/messages/0/content/0/cache_control", "{'type':'ephemeral'}")
                .has("/messages/0/content/1/cache_control", "{'type':'ephemeral','ttl':'1h'}");
    }

    @Test // 23
    void aSystemMessageBetweenTurnsIsPartOfTheUsersTurn() {
        String later = "{'role':'system','content':'now'}";
        String answer = "{'role':'assistant','content':'yes'}";
        for (String[] turns :
                List.of(
                        new String[] {USER, later},
                        new String[] {USER, later, answer, USER},
                        new String[] {
                            "{'role':'system','content':'first'}", USER, later, answer, USER
                        })) {
            messages(Models.OLD, turns)
                    .has(
                            "/messages/0",
                            "{'role':'user','content':["
                                    + text("hi")
                                    + ","
                                    + text("<system>now</system>")
                                    + "]}");
        }
        messages(Models.OLD, USER, answer, later, USER)
                .has(
                        "/messages/2/content",
                        "[" + text("<system>now</system>") + "," + text("hi") + "]");
    }

    @Test // 23
    void newerModelsHaveSystemTurnsAfterTheUserAndBeforeTheAnswer() {
        String later = "{'role':'developer','content':'now'}";
        String answer = "{'role':'assistant','content':'yes'}";
        String turn = "{'role':'system','content':[" + text("now") + "]}";
        messages(Models.NEW, USER, later).has("/messages/1", turn).has("/messages/2", "");
        messages(Models.NEW, USER, later, answer, USER)
                .has("/messages/1", turn)
                .has("/messages/2/role", "'assistant'");
        messages(Models.NEW, USER, later, later, answer, USER)
                .has(
                        "/messages/1",
                        "{'role':'system','content':[" + text("now") + "," + text("now") + "]}");
        messages(Models.NEW, USER, calls("a"), result("a", "1"), later)
                .has("/messages/2/content/0/type", "'tool_result'")
                .has("/messages/3", turn);
        // Not before an answer, and not after one.
        messages(Models.NEW, USER, later, USER)
                .has(
                        "/messages/0/content",
                        "["
                                + text("hi")
                                + ","
                                + text("<system>now</system>")
                                + ","
                                + text("hi")
                                + "]");
        messages(Models.NEW, USER, answer, later, USER)
                .has(
                        "/messages/2/content",
                        "[" + text("<system>now</system>") + "," + text("hi") + "]");
    }

    @Test
    void aSystemTextAloneIsTheUsers() {
        messages(Models.OLD, "{'role':'system','content':'do'}")
                .has("/system", "")
                .has("/messages", "[{'role':'user','content':[" + text("do") + "]}]")
                .warns("messages=system_sent_as_user");
    }

    @Test // 25, 26
    void partsStayApartAndEmptyTextsGo() {
        messages(
                        Models.OLD,
                        "{'role':'user','content':[{'type':'text','text':'a'},{'type':'text','text':''},{'type':'text','text':'b'},'c',"
                                + "{'type':'image_url','image_url':'https://x/y.png'}]}")
                .has(
                        "/messages/0/content",
                        "["
                                + text("a")
                                + ","
                                + text("b")
                                + ","
                                + text("c")
                                + ",{'type':'image','source':{'type':'url','url':'https://x/y.png'}}]");
    }

    @ParameterizedTest // 27
    @ValueSource(strings = {"null", "''", "[]", "[{'type':'text','text':''}]"})
    void emptyContentIsRefused(String content) {
        var e =
                Conversion.refused(
                        Models.OLD,
                        "{'model':'m','messages':[{'role':'user','content':" + content + "}]}",
                        "messages[0].content: expected some content, found none");
        assertEquals(
                Conversion.strict(
                        "{'error':{'message':'messages[0].content: expected some content, found none','type':'invalid_request_error','param':'messages[0].content','code':null}}"),
                new String(e.chatBody(), java.nio.charset.StandardCharsets.UTF_8));
    }

    @Test // 48
    void aLastAnswerIsContinuedAsTheModelCan() {
        String last = "{'role':'assistant','content':'Once upon \\n'}";
        messages(Models.MIDDLE, USER, last)
                .has("/messages/1/content", "[" + text("Once upon \\n") + "]")
                .has(
                        "/messages/2",
                        "{'role':'user','content':[" + text(ChatHistory.CONTINUE) + "]}")
                .warns("messages[1]=user_turn_added");
        messages(Models.OLD, USER, last)
                .has("/messages/1/content", "[" + text("Once upon") + "]")
                .has("/messages/2", "")
                .warns("");
        messages(Models.OLD, USER, "{'role':'assistant','content':' '}").has("/messages/1", "");
    }

    @Test
    void theUserBegins() {
        messages(Models.OLD, "{'role':'assistant','content':'Welcome'}", USER)
                .has("/messages/0/role", "'user'")
                .has("/messages/1/content", "[" + text("Welcome") + "]")
                .warns("messages=user_turn_added");
    }

    @Test
    void answersInARowAreOneAndSoAreTheirCalls() {
        messages(Models.OLD, USER, calls("a"), calls("b"), result("a", "1"), result("b", "2"))
                .has("/messages/1/content/1/id", "'b'")
                .has(
                        "/messages/2/content",
                        "[" + toolResult("a", "1") + "," + toolResult("b", "2") + "]")
                .warns("");
    }

    @Test
    void anEmptyAnswerLeavesTheTurnsAroundItAsTheyWere() {
        String first = messages(Models.OLD, USER).at("/messages/0");
        messages(Models.OLD, USER, "{'role':'assistant','content':''}", USER)
                .has("/messages/0", first)
                .has("/messages/1", first);
    }

    @Test
    void refusalsAreTheAnswersText() {
        messages(
                        Models.OLD,
                        USER,
                        "{'role':'assistant','content':[{'type':'text','text':'a'},{'type':'refusal','refusal':'b'}],'refusal':'c','audio':{'id':'x'}}",
                        USER)
                .has(
                        "/messages/1/content",
                        "[" + text("a") + "," + text("b") + "," + text("c") + "]")
                .warns("messages[1].audio=dropped");
    }

    @Test // 20
    void functionResultsFindTheLastCallOfTheirName() {
        messages(
                        Models.OLD,
                        USER,
                        "{'role':'assistant','content':null,'function_call':{'name':'f','arguments':'{}'}}",
                        "{'role':'function','name':'f','content':'1'}",
                        "{'role':'function','name':'g','content':'2'}")
                .has("/messages/1/content/0/id", "'function_call_1'")
                .has("/messages/2/content/0", toolResult("function_call_1", "1"))
                .has("/messages/2/content/1/text", "'[tool result for unknown call g]'")
                .warns("messages[3].name=sent_as_text");
    }

    @Test
    void customCallsAreKept() {
        messages(
                        Models.OLD,
                        USER,
                        "{'role':'assistant','tool_calls':[{'id':'a','type':'custom','custom':{'name':'f','input':'free text'}}]}")
                .has("/messages/1/content/0/input", "{'input':'free text'}");
    }

    @Test
    void resultsHoldImagesErrorsAndMarks() {
        messages(
                        Models.OLD,
                        USER,
                        calls("a"),
                        "{'role':'tool','tool_call_id':'a','is_error':true,'cache_control':{'type':'ephemeral'},'content':["
                                + "{'type':'text','text':'see'},{'type':'image_url','image_url':{'url':'http://x/y'}}]}")
                .has(
                        "/messages/2/content/0",
                        "{'type':'tool_result','tool_use_id':'a','content':["
                                + text("see")
                                + ",{'type':'image','source':{'type':'url','url':'http://x/y'}}],'is_error':true,'cache_control':{'type':'ephemeral'}}");
        messages(Models.OLD, USER, calls("a"), result("a", ""))
                .has("/messages/2/content/0", "{'type':'tool_result','tool_use_id':'a'}");
    }

    @Test // 51, 53
    void signedThinkingStandsWhereItStood() {
        String thinking = "{'type':'thinking','thinking':'hm','signature':'s'}";
        for (String carried :
                List.of(
                        "'reasoning_details':[{'type':'thinking','index':0,'text':'hm','signature':'s'}]",
                        "'thinking_blocks':[{'type':'thinking','thinking':'hm','signature':'s'}]",
                        "'reasoning_content':'hm','reasoning_details':[{'type':'thinking','signature':'s'}]",
                        "'content':'<thinking signature=\\\"s\\\">hm</thinking>\\n'")) {
            messages(
                            Models.OLD,
                            USER,
                            calls("a").replace("'content':null", carried),
                            result("a", "1"))
                    .has("/messages/1/content/0", thinking)
                    .has("/messages/1/content/1/type", "'tool_use'")
                    .warns("");
        }
        messages(
                        Models.OLD,
                        USER,
                        calls("a", "b")
                                .replace(
                                        "'content':null",
                                        "'content':'t','reasoning_details':[{'type':'thinking','index':0,'text':'','signature':'s'},"
                                                + "{'type':'redacted','index':1,'data':'d'},{'type':'thinking','index':4,'text':'x','signature':'y'}]"))
                .has("/messages/1/content/0", "{'type':'thinking','thinking':'','signature':'s'}")
                .has("/messages/1/content/1", "{'type':'redacted_thinking','data':'d'}")
                .has("/messages/1/content/2", text("t"))
                .has("/messages/1/content/3/id", "'a'")
                .has("/messages/1/content/4", "{'type':'thinking','thinking':'x','signature':'y'}")
                .has("/messages/1/content/5/id", "'b'");
    }

    @Test
    void noAnswerEndsInThinkingBecauseItsPlaceIsTooHigh() {
        messages(
                        Models.OLD,
                        USER,
                        calls("a")
                                .replace(
                                        "'content':null",
                                        "'content':'t','reasoning_details':[{'type':'thinking','index':9,'text':'x','signature':'y'}]"))
                .has("/messages/1/content/0", text("t"))
                .has("/messages/1/content/1/type", "'thinking'")
                .has("/messages/1/content/2/type", "'tool_use'");
    }

    @Test
    void unsignedThinkingIsLeftOut() {
        messages(
                        Models.OLD,
                        USER,
                        "{'role':'assistant','content':'t','reasoning_content':'hm'}",
                        USER)
                .has("/messages/1/content", "[" + text("t") + "]")
                .warns("messages[1].reasoning_content=dropped(unsigned)");
        messages(
                        Models.OLD,
                        USER,
                        "{'role':'assistant','content':'a <thinking signature=\\\"x\\\" b <thinking signature=\\\"s\\\">open'}",
                        USER)
                .has(
                        "/messages/1/content",
                        "["
                                + text(
                                        "a <thinking signature=\\'x\\' b <thinking signature=\\'s\\'>open")
                                + "]");
    }

    @Test // 52
    void keptThinkingIsPutBackByTheCall() {
        String request =
                "{'model':'m','reasoning_effort':'high','messages':["
                        + String.join(",", USER, calls("a"), result("a", "1"))
                        + "]}";
        Options kept =
                new Options(
                        Models.OLD,
                        "",
                        Conversion.VERSION,
                        false,
                        id ->
                                id.equals("a")
                                        ? List.of(
                                                Json.object()
                                                        .put("type", "thinking")
                                                        .put("index", 0)
                                                        .put("thinking", "hm")
                                                        .put("signature", "s"))
                                        : List.of());
        Conversion.of(request, kept)
                .has("/messages/1/content/0", "{'type':'thinking','thinking':'hm','signature':'s'}")
                .has("/thinking/type", "'enabled'");
        // Nothing kept: no thinking in this turn, because the API would refuse it.
        Conversion.of(Models.OLD, request)
                .has("/thinking", "{'type':'disabled'}")
                .warns("reasoning_effort=off(history_lacks_thinking)");
        // A new question closes what came before.
        String more = ",{'role':'assistant','content':'so'}," + USER + "]}";
        Conversion.of(Models.OLD, request.substring(0, request.length() - 2) + more)
                .has("/thinking/type", "'enabled'")
                .warns("");
    }

    @Test
    void aSessionHoldsWhatCameBefore() {
        Options options = new Options(Models.OLD, "", Conversion.VERSION, true, _ -> List.of());
        Conversion.of("{'model':'m','messages':[" + result("a", "1") + "]}", options)
                .has("/messages/0/content/0", toolResult("a", "1"))
                .warns("");
    }

    @Test
    void messagesAreCounted() {
        var raw = Json.object().put("model", "m");
        var list = raw.putArray("messages");
        for (int i = 0; i < 100_000; i++)
            list.add(Json.object().put("role", "developer").put("content", "x"));
        list.set(0, Json.object().put("role", "user").put("content", "x"));
        Conversion.of(raw, Conversion.options(Models.NEW), Conversion.DISPLAY)
                .has("/messages/1/role", "'system'");
        list.add(list.get(0));
        var e =
                org.junit.jupiter.api.Assertions.assertThrows(
                        ccproxy.wire.ApiException.class,
                        () ->
                                Conversion.of(
                                        raw, Conversion.options(Models.NEW), Conversion.DISPLAY));
        assertEquals(413, e.chatStatus());
    }
}
