package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessagesRequestTest {
    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {}                                        | model: expected a string, found nothing
                    {"model":1}                               | model: expected a string, found an integer
                    {"model":""}                              | model: expected a non-empty string, found an empty one
                    {"model":"m"}                             | messages: expected an array, found nothing
                    {"model":"m","messages":[]}               | messages: expected at least one message
                    {"model":"m","messages":[1]}              | messages[0]: expected an object, found an integer
                    {"model":"m","messages":[{}]}             | messages[0].role: expected a string, found nothing
                    {"model":"m","messages":[{"role":"tool"}]} | messages[0].role: expected one of user, assistant, system, found "tool"
                    {"model":"m","messages":[{"role":"user"}]} | messages[0].content: expected a string or an array, found nothing
                    {"model":"m","messages":[{"role":"user","content":[1]}]} | messages[0].content[0]: expected an object, found an integer
                    {"model":"m","messages":[{"role":"user","content":[{"type":2}]}]} | messages[0].content[0].type: expected a string, found an integer
                    {"model":"m","messages":[{"role":"user","content":"x"}]} | max_tokens: expected an integer, found nothing
                    {"model":"m","max_tokens":-1,"messages":[{"role":"user","content":"x"}]} | max_tokens: expected an integer from 0 to 2147483647, found -1
                    {"model":"m","max_tokens":1,"stream":"x","messages":[{"role":"user","content":"x"}]} | stream: expected true or false, found a string
                    {"model":"m","metadata":1,"messages":[{"role":"user","content":"x"}]} | metadata: expected an object, found an integer
                    {"model":"m","metadata":{"session_id":1},"messages":[{"role":"user","content":"x"}]} | metadata.session_id: expected a string, found an integer
                    """)
    void whatWeRelyOnIsChecked(String body, String problem) {
        var e = assertThrows(ApiException.class, () -> MessagesRequest.answer(utf8(body)));
        assertEquals(problem, e.getMessage());
    }

    @Test
    void theRestIsNotLookedAtAndKeepsItsBytes() {
        byte[] body =
                utf8(
                        """
                        {"model":"m", "max_tokens" : 0,"of_a_later_day":[1.10],
                         "messages":[{"role":"user","content":[{"type":"of_a_later_day","x":1}]}]}\
                        """);
        MessagesRequest request = MessagesRequest.answer(body);
        assertSame(body, request.body());
        assertEquals("m", request.model());
        assertFalse(request.isStream());
        assertEquals(0, request.tokensMax());
        assertSame(request, request.withModel("m"));
        MessagesRequest other = request.withModel("n");
        assertEquals("m", request.model());
        assertEquals(
                "{\"model\":\"n\",\"max_tokens\":0,\"of_a_later_day\":[1.10],\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"of_a_later_day\",\"x\":1}]}]}",
                new String(other.body(), StandardCharsets.UTF_8));
    }

    @Test
    void messagesAreCounted() {
        String one = "{\"role\":\"user\",\"content\":\"x\"},";
        for (int count :
                new int[] {MessagesRequest.MESSAGES_MAX - 1, MessagesRequest.MESSAGES_MAX}) {
            String all = one.repeat(count);
            String body =
                    "{\"model\":\"m\",\"messages\":[" + all.substring(0, all.length() - 1) + "]}";
            assertEquals(count, MessagesRequest.count(utf8(body)).messages().size());
        }
        String all = one.repeat(MessagesRequest.MESSAGES_MAX + 1);
        String body = "{\"model\":\"m\",\"messages\":[" + all.substring(0, all.length() - 1) + "]}";
        var e = assertThrows(ApiException.class, () -> MessagesRequest.count(utf8(body)));
        assertEquals(413, e.messagesStatus());
        assertEquals("messages: expected at most 100000 messages, found 100001", e.getMessage());
    }

    @Test
    void theSessionIsTakenOut() {
        String messages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
        var both =
                MessagesRequest.count(
                        utf8(
                                "{\"model\":\"m\",\"metadata\":{\"user_id\":\"u\",\"session_id\":\"s\"},"
                                        + messages));
        assertEquals("s", both.sessionId());
        assertEquals(
                "{\"user_id\":\"u\"}", Json.text(both.withoutSessionId().raw().path("metadata")));
        var only =
                MessagesRequest.count(
                        utf8("{\"model\":\"m\",\"metadata\":{\"session_id\":\"s\"}," + messages));
        assertFalse(only.withoutSessionId().raw().has("metadata"));
        assertEquals("s", only.sessionId());
        var none = MessagesRequest.count(utf8("{\"model\":\"m\"," + messages));
        assertSame(none, none.withoutSessionId());
        assertEquals("", none.sessionId());
    }

    @Test
    void serverToolsAndRolesAreSeen() {
        var raw = Json.object();
        raw.putArray("tools").addObject().put("name", "a");
        raw.putArray("messages").addObject().put("role", "user");
        assertFalse(MessagesRequest.of(raw).hasServerTools());
        ((tools.jackson.databind.node.ArrayNode) raw.get("tools"))
                .addObject()
                .put("type", "custom");
        ((tools.jackson.databind.node.ArrayNode) raw.get("tools")).addObject().putNull("type");
        assertFalse(MessagesRequest.of(raw).hasServerTools());
        ((tools.jackson.databind.node.ArrayNode) raw.get("tools"))
                .addObject()
                .put("type", "web_search_20260318");
        assertTrue(MessagesRequest.of(raw).hasServerTools());
        assertTrue(MessagesRequest.of(raw).hasRole("user"));
        assertFalse(MessagesRequest.of(raw).hasRole("assistant"));
        assertEquals(0, MessagesRequest.of(Json.object()).messages().size());
    }
}
