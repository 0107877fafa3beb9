package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class ThinkingStoreTest {
    private static MessageFold answer(String content) {
        var fold = new MessageFold();
        fold.add(new MessageEvent.Whole((ObjectNode) Json.tree("{\"content\":[" + content + "]}")));
        return fold;
    }

    private static String thinking(String text) {
        return "{\"type\":\"thinking\",\"thinking\":\"" + text + "\",\"signature\":\"s\"},";
    }

    private static String call(String id) {
        return "{\"type\":\"tool_use\",\"id\":\"" + id + "\",\"name\":\"n\",\"input\":{}}";
    }

    private static String kept(ThinkingStore store, String id) {
        return store.of(id).stream().map(Json::text).toList().toString();
    }

    @Test
    void thinkingIsKeptForEachCallOfItsAnswer() {
        var store = new ThinkingStore();
        store.keep(
                answer(
                        thinking("a")
                                + "{\"type\":\"redacted_thinking\",\"data\":\"d\"},{\"type\":\"text\",\"text\":\"x\"},"
                                + call("one")
                                + ","
                                + call("two")));
        String all =
                "[{\"type\":\"thinking\",\"thinking\":\"a\",\"signature\":\"s\",\"index\":0}, {\"type\":\"redacted_thinking\",\"data\":\"d\",\"index\":1}]";
        assertEquals(all, kept(store, "one"));
        assertEquals(all, kept(store, "two"));
        assertEquals(List.of(), store.of("three"));
    }

    @Test
    void whoTakesItGetsACopy() {
        var store = new ThinkingStore();
        store.keep(answer(thinking("a") + call("one")));
        store.of("one").getFirst().put("thinking", "changed");
        assertEquals("a", store.of("one").getFirst().path("thinking").asString());
    }

    @Test
    void answerWithoutBothKeepsNothing() {
        var store = new ThinkingStore(0);
        store.keep(answer(call("one")));
        store.keep(answer("{\"type\":\"thinking\",\"thinking\":\"a\"}"));
        store.keep(answer(""));
        assertEquals(List.of(), store.of("one"));
    }

    /// The characters that one entry takes.
    private static long entry() {
        var store = new ThinkingStore();
        store.keep(answer(thinking("a") + call("x")));
        return Json.text(Json.array().addAll(store.of("x"))).length();
    }

    @Test
    void leastRecentlyUsedIsForgottenFirst() {
        for (int over : new int[] {0, 1}) {
            var store = new ThinkingStore(3 * entry() - over);
            for (String id : List.of("a", "b")) store.keep(answer(thinking("a") + call(id)));
            store.of("a");
            store.keep(answer(thinking("a") + call("c")));
            assertEquals(1, store.of("a").size());
            assertEquals(1 - over, store.of("b").size());
            assertEquals(1, store.of("c").size());
        }
    }

    @Test
    void sameCallAgainReplaces() {
        var store = new ThinkingStore(2 * entry());
        for (int i = 0; i < 10; i++) store.keep(answer(thinking("b") + call("one")));
        store.keep(answer(thinking("a") + call("two")));
        assertEquals("b", store.of("one").getFirst().path("thinking").asString());
        assertEquals(1, store.of("two").size());
    }

    @Test
    void whatIsLargerThanTheStoreIsNotKept() {
        var store = new ThinkingStore(entry());
        store.keep(answer(thinking("a") + call("small")));
        store.keep(answer(thinking("aa") + call("large")));
        assertEquals(List.of(), store.of("large"));
        assertEquals(1, store.of("small").size());
    }
}
