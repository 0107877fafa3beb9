package ccproxy.convert;

import static ccproxy.convert.Conversion.messages;
import static ccproxy.convert.Conversion.refused;

import org.junit.jupiter.api.Test;

/// Anthropic's blocks in Chat Completions messages are what OpenAI's shapes of the same are.
class BlockShapesTest {
    private static final String USER = "{'role':'user','content':'hi'}";
    private static final String TOOL_USE =
            "{'type':'tool_use','id':'a','name':'f','input':{'x':1}}";
    private static final String TEXT = "{'type':'text','text':'so'}";

    private static String answer(String blocks) {
        return "{'role':'assistant','content':[" + blocks + "]}";
    }

    private static String result(String more) {
        return "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a'" + more + "}]}";
    }

    @Test
    void aCallAndItsResultKeepTheirPlaces() {
        messages(Models.OLD, USER, answer(TEXT + "," + TOOL_USE), result(",'content':'r'"))
                .has("/messages/1", answer(TEXT + "," + TOOL_USE))
                .has(
                        "/messages/2/content",
                        "[{'type':'tool_result','tool_use_id':'a','content':[{'type':'text','text':'r'}]}]")
                .has("/messages/3", "")
                .warns("");
    }

    @Test
    void whatIsSaidBesideAResultFollowsIt() {
        messages(
                        Models.OLD,
                        USER,
                        answer(TOOL_USE),
                        "{'role':'user','content':["
                                + TEXT
                                + ",{'type':'tool_result','tool_use_id':'a','is_error':true,'content':[{'type':'text','text':'r'}],'cache_control':{'type':'ephemeral'}}]}")
                .has(
                        "/messages/2/content",
                        "[{'type':'tool_result','tool_use_id':'a','content':[{'type':'text','text':'r'}],'is_error':true,'cache_control':{'type':'ephemeral'}},"
                                + TEXT
                                + "]")
                .warns("");
    }

    @Test
    void bothShapesMayCallInOneAnswer() {
        messages(
                        Models.OLD,
                        USER,
                        "{'role':'assistant','content':["
                                + TOOL_USE
                                + "],'tool_calls':[{'id':'b','type':'function','function':{'name':'g','arguments':'{}'}}]}",
                        "{'role':'tool','tool_call_id':'b','content':'2'}",
                        result(",'content':'1'"))
                .has("/messages/1/content/0/id", "'b'")
                .has("/messages/1/content/1/id", "'a'")
                .has("/messages/2/content/1/tool_use_id", "'a'")
                .warns("");
    }

    @Test
    void signedThinkingStandsBeforeTheCall() {
        String thinking = "{'type':'thinking','thinking':'hm','signature':'c2ln'}";
        messages(Models.OLD, USER, answer(thinking + "," + TOOL_USE), result(",'content':'r'"))
                .has("/messages/1/content/0", thinking)
                .has("/messages/1/content/1", TOOL_USE)
                .warns("");
    }

    @Test
    void aResultWithoutItsCallIsText() {
        messages(Models.OLD, USER, result(",'content':'r'"))
                .has("/messages/0/content/1/text", "'[tool result for unknown call a]'")
                .warns("messages[1].tool_call_id=sent_as_text");
    }

    @Test
    void aCallWithoutAnIdIsRefused() {
        refused(
                Models.OLD,
                "{'model':'m','messages':["
                        + USER
                        + ","
                        + answer("{'type':'tool_use','name':'f','input':{}}")
                        + "]}",
                "messages[1].tool_calls[0].id: expected a string, found nothing");
    }
}
