package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageFoldTest {
    private static final String START =
            "{'type':'message_start','message':{'id':'msg_1','content':[],'stop_reason':null,'usage':{'input_tokens':10,'output_tokens':1}}}";
    private static final String STOP = "{'type':'message_stop'}";

    private static MessageEvent event(String json) {
        String strict = json.replace('\'', '"');
        String type = Json.tree(strict).path("type").asString();
        return MessageEvent.of(SseEvent.of(type, strict.getBytes(StandardCharsets.UTF_8)));
    }

    private static MessageFold folded(String... events) {
        var fold = new MessageFold();
        for (String event : events) fold.add(event(event));
        return fold;
    }

    private static String start(int index, String block) {
        return "{'type':'content_block_start','index':%d,'content_block':%s}"
                .formatted(index, block);
    }

    private static String delta(int index, String delta) {
        return "{'type':'content_block_delta','index':%d,'delta':%s}".formatted(index, delta);
    }

    private static String stop(int index) {
        return "{'type':'content_block_stop','index':%d}".formatted(index);
    }

    private static String content(MessageFold fold) {
        return Json.text(fold.message().path("content")).replace('"', '\'');
    }

    @Test
    void everyKindOfDeltaGrowsItsBlock() {
        MessageFold fold =
                folded(
                        START,
                        start(0, "{'type':'thinking','thinking':'','signature':''}"),
                        delta(0, "{'type':'thinking_delta','thinking':'a'}"),
                        delta(0, "{'type':'thinking_delta','thinking':'b'}"),
                        delta(0, "{'type':'signature_delta','signature':'s'}"),
                        stop(0),
                        start(1, "{'type':'text','text':'x'}"),
                        delta(1, "{'type':'text_delta','text':'y'}"),
                        delta(1, "{'type':'citations_delta','citation':{'url':'u'}}"),
                        delta(1, "{'type':'citations_delta','citation':{'url':'v'}}"),
                        stop(1),
                        start(2, "{'type':'tool_use','id':'t','name':'n','input':{}}"),
                        delta(2, "{'type':'input_json_delta','partial_json':'{'}"),
                        delta(2, "{'type':'input_json_delta','partial_json':'}'}"),
                        stop(2),
                        start(3, "{'type':'compaction','content':null}"),
                        delta(3, "{'type':'compaction_delta','content':'c','tool_changes':[1]}"),
                        delta(3, "{'type':'compaction_delta','content':'d'}"),
                        stop(3));
        assertEquals(
                "[{'type':'thinking','thinking':'ab','signature':'s'},"
                        + "{'type':'text','text':'xy','citations':[{'url':'u'},{'url':'v'}]},"
                        + "{'type':'tool_use','id':'t','name':'n','input':{}},"
                        + "{'type':'compaction','content':'cd','tool_changes':[1]}]",
                content(fold));
        assertFalse(fold.isComplete());
        fold.add(event(STOP));
        assertTrue(fold.isComplete());
    }

    /// Cases 68, 69 and 82: a tool's input.
    @Test
    void inputIsWhatCameOrWhatStoodThere() {
        assertEquals(
                "[{'type':'tool_use','input':{}},{'type':'tool_use','input':{'a':1}},"
                        + "{'type':'tool_use','input':{},'partial_json':'{'}]",
                content(
                        folded(
                                START,
                                start(0, "{'type':'tool_use','input':{}}"),
                                start(1, "{'type':'tool_use','input':{'a':1}}"),
                                start(2, "{'type':'tool_use','input':{}}"),
                                delta(2, "{'type':'input_json_delta','partial_json':'{'}"))));
    }

    /// Cases 72 and 73.
    @Test
    void countsReplaceAndNullReplacesNothing() {
        MessageFold fold =
                folded(
                        START,
                        "{'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'input_tokens':10,'output_tokens':25,'cache_read_input_tokens':7}}",
                        "{'type':'message_delta','delta':{'stop_reason':null},'usage':{'input_tokens':null,'output_tokens':null,'speed':null}}");
        assertEquals(new Usage(10, 25, 7, 0, 0), fold.usage());
        assertEquals(
                "{\"input_tokens\":10,\"output_tokens\":25,\"cache_read_input_tokens\":7,\"speed\":null}",
                Json.text(fold.message().path("usage")));
        assertEquals("end_turn", fold.message().path("stop_reason").asString());
    }

    @Test
    void fieldsOfALaterDayStay() {
        MessageFold fold =
                folded(
                        START,
                        "{'type':'message_delta','delta':{'container':{'id':'c'}},'usage':{},'input_transformations':[1],'context_management':{}}");
        assertEquals("c", fold.message().path("container").path("id").asString());
        assertEquals("[1]", Json.text(fold.message().path("input_transformations")));
        assertTrue(fold.message().has("context_management"));
    }

    /// Cases 80 and 83.
    @Test
    void whatDoesNotBelongIsIgnored() {
        MessageFold fold =
                folded(
                        START,
                        delta(4, "{'type':'text_delta','text':'unopened'}"),
                        stop(4),
                        "{'type':'ping'}",
                        "{'type':'of_a_later_day'}",
                        STOP,
                        start(0, "{'type':'text','text':'late'}"),
                        "{'type':'message_delta','delta':{'stop_reason':'late'},'usage':{'output_tokens':99}}");
        assertEquals("[]", content(fold));
        assertEquals(1, fold.usage().outputTokens());
        assertTrue(fold.message().path("stop_reason").isNull());
    }

    @Test
    void aBlockThatWasCutShortStaysAsFarAsItCame() {
        MessageFold fold =
                folded(
                        START,
                        start(0, "{'type':'text','text':'a'}"),
                        stop(0),
                        start(1, "{'type':'text','text':''}"),
                        delta(1, "{'type':'text_delta','text':'b'}"));
        assertEquals("b", fold.message().path("content").path(1).path("text").asString());
    }

    @Test
    void theEventsOfOthersAreNotChanged() {
        MessageEvent opened = event(start(0, "{'type':'text','text':''}"));
        String before = opened.toString();
        var fold = new MessageFold();
        fold.add(event(START));
        fold.add(opened);
        fold.add(event(delta(0, "{'type':'citations_delta','citation':{'url':'u'}}")));
        assertEquals(before, opened.toString());
    }

    @Test
    void aWholeMessageIsItself() {
        byte[] json =
                "{\"id\":\"m\",\"content\":[],\"usage\":{\"output_tokens\":5}}"
                        .getBytes(StandardCharsets.UTF_8);
        var fold = new MessageFold();
        fold.add(MessageEvent.of(SseEvent.whole(json)));
        assertTrue(fold.isComplete());
        assertEquals(new String(json, StandardCharsets.UTF_8), Json.text(fold.message()));
        assertEquals(5, fold.usage().outputTokens());
    }

    @Test
    void blocksAreLimited() {
        var fold = new MessageFold();
        fold.add(event(START));
        for (int i = 0; i < MessageFold.BLOCKS_MAX; i++)
            fold.add(event(start(i, "{'type':'text','text':''}")));
        assertEquals(MessageFold.BLOCKS_MAX, fold.message().path("content").size());
        MessageEvent over = event(start(MessageFold.BLOCKS_MAX, "{'type':'text','text':''}"));
        var e = assertThrows(ApiException.class, () -> fold.add(over));
        assertEquals("the answer is too large", e.getMessage());
    }

    @Test
    void charactersAreLimited() {
        var fold = new MessageFold(10);
        fold.add(event(START));
        fold.add(event(start(0, "{'type':'text','text':''}")));
        fold.add(event(delta(0, "{'type':'text_delta','text':'123456789'}")));
        fold.add(event(delta(0, "{'type':'text_delta','text':'0'}")));
        MessageEvent over = event(delta(0, "{'type':'text_delta','text':'1'}"));
        assertThrows(ApiException.class, () -> fold.add(over));
    }

    /// A part that cannot be read must not be missing in an answer that looks whole.
    @ParameterizedTest
    @CsvSource({
        "content_block_delta, Failure",
        "content_block_start, Failure",
        "content_block_stop, Failure",
        "message_start, Failure",
        "message_delta, Failure",
        "message_stop, MessageStop",
        "ping, Ping",
        "of_a_later_day, Other"
    })
    void anEventThatIsNoJsonIsAFailureWhereItCarriesTheAnswer(String name, String type) {
        MessageEvent event =
                MessageEvent.of(SseEvent.of(name, "{\"index\":".getBytes(StandardCharsets.UTF_8)));
        assertEquals(type, event.getClass().getSimpleName());
    }

    @Test
    void eventsWithoutANameAreKnownByTheirData() {
        assertInstanceOf(
                MessageEvent.Ping.class,
                MessageEvent.of(
                        SseEvent.of("", "{\"type\":\"ping\"}".getBytes(StandardCharsets.UTF_8))));
        assertEquals(
                new MessageEvent.Other("x"),
                MessageEvent.of(SseEvent.of("x", "[]".getBytes(StandardCharsets.UTF_8))));
    }
}
