package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.wire.Json;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ArrayNode;

/// Cases 3 and 4 at the seam of a session: what it holds and what a client adds.
class SessionResultsTest {
    private static final String CALLS =
            "[{'role':'assistant','content':[{'type':'tool_use','id':'a'},{'type':'tool_use','id':'b'}]}]";

    private static ArrayNode json(String text) {
        return (ArrayNode) Json.tree(text.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "result b, text | result b, missing a, text",
                "text | missing a, missing b, text",
                "text, result b, result a | result b, result a, text",
                "result a, result x, result b | result a, result b, text [tool result for unknown call x], text of x",
            })
    void resultsFollowTheirCalls(String added, String expected) {
        assertEquals(expected, told(json(CALLS), content(added)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"text | text", "result a | text [tool result for unknown call a], text of a"})
    void sessionThatHoldsNoCallsTakesNoResults(String added, String expected) {
        assertEquals(expected, told(json("[]"), content(added)));
        assertEquals(expected, told(json("[{'role':'user','content':'x'}]"), content(added)));
    }

    private static ArrayNode content(String added) {
        ArrayNode content = Json.array();
        for (String part : added.split(", ", -1)) {
            if (part.equals("text")) content.addObject().put("type", "text").put("text", "");
            else
                content.addAll(
                        json(
                                "[{'type':'tool_result','tool_use_id':'%1$s','content':[{'type':'text','text':'of %1$s'}]}]"
                                        .formatted(part.substring(7))));
        }
        return content;
    }

    private static String told(ArrayNode held, ArrayNode content) {
        ArrayNode added = Json.array();
        added.addObject().put("role", "user").set("content", content);
        ArrayNode following = SessionResults.following(held, added);
        assertEquals(1, following.size());
        var told = new java.util.ArrayList<String>();
        for (var block : following.path(0).path("content")) {
            String id = block.path("tool_use_id").asString("");
            String what = block.path("is_error").asBoolean(false) ? "missing " : "result ";
            told.add(id.isEmpty() ? ("text " + block.path("text").asString()).strip() : what + id);
        }
        return String.join(", ", told);
    }
}
