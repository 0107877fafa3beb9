package ccproxy.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.SseEvent;
import ccproxy.wire.Usage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Cases 54-64 and 67-83: answers, whole and in chunks.
class AnswerTest {
    private static final String START =
            "{'type':'message_start','message':{'id':'msg_1','content':[],'usage':{'input_tokens':10,'output_tokens':1}}}";
    private static final String STOP = "{'type':'message_stop'}";
    private static final String TOOLS =
            ",'tools':[{'type':'function','function':{'name':'f'}},{'type':'function','function':{'name':'g'}}]";

    private static String end(String reason) {
        return "{'type':'message_delta','delta':{'stop_reason':"
                + reason
                + "},'usage':{'output_tokens':5}}";
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

    private static String[] text(int index, String text) {
        return new String[] {
            start(index, "{'type':'text','text':''}"),
            delta(index, "{'type':'text_delta','text':'" + text + "'}"),
            stop(index)
        };
    }

    private static String[] call(int index, String name, String... pieces) {
        var events = new ArrayList<String>();
        events.add(
                start(
                        index,
                        "{'type':'tool_use','id':'t"
                                + index
                                + "','name':'"
                                + name
                                + "','input':{}}"));
        for (String piece : pieces)
            events.add(delta(index, "{'type':'input_json_delta','partial_json':'" + piece + "'}"));
        events.add(stop(index));
        return events.toArray(String[]::new);
    }

    private static String[] thinking(int index, String text, String signature) {
        return new String[] {
            start(index, "{'type':'thinking','thinking':'','signature':''}"),
            delta(index, "{'type':'thinking_delta','thinking':'" + text + "'}"),
            delta(index, "{'type':'signature_delta','signature':'" + signature + "'}"),
            stop(index)
        };
    }

    private static List<MessageEvent> events(Object... parts) {
        var events = new ArrayList<MessageEvent>();
        for (Object part : parts) {
            String[] all = part instanceof String one ? new String[] {one} : (String[]) part;
            for (String json : all) {
                byte[] bytes = Conversion.strict(json).getBytes(StandardCharsets.UTF_8);
                events.add(MessageEvent.of(SseEvent.of("", bytes)));
            }
        }
        return events;
    }

    private static ObjectNode whole(Conversion converted, Object... parts) {
        var fold = new MessageFold();
        events(parts).forEach(fold::add);
        return Json.object("answer", converted.answers().completion(fold.message()));
    }

    private static ObjectNode whole(Object... parts) {
        return whole(Conversion.asked(Models.OLD, TOOLS), parts);
    }

    private static List<ObjectNode> chunks(Conversion converted, Object... parts) {
        ChunkEncoder encoder = converted.answers().chunks();
        var chunks = new ArrayList<ObjectNode>();
        for (MessageEvent event : events(parts)) {
            for (byte[] chunk : encoder.encode(event)) chunks.add(Json.object("chunk", chunk));
        }
        return chunks;
    }

    private static List<ObjectNode> chunks(Object... parts) {
        return chunks(Conversion.asked(Models.OLD, TOOLS), parts);
    }

    private static String at(JsonNode node, String pointer) {
        JsonNode found = node.at(pointer);
        return found.isMissingNode() ? "" : Json.text(found).replace('"', '\'');
    }

    /// All that was told of something, in order.
    private static List<String> told(List<ObjectNode> chunks, String pointer) {
        return chunks.stream().map(c -> at(c, pointer)).filter(s -> !s.isEmpty()).toList();
    }

    private static String finish(List<ObjectNode> chunks) {
        List<String> all = told(chunks, "/choices/0/finish_reason");
        assertEquals(all.size() - 1, all.stream().filter("null"::equals).count());
        return all.getLast();
    }

    @Test // 54
    void textAndCallsAreBothThere() {
        Object[] events = {
            START,
            text(0, "x"),
            call(1, "f", "{'a'".replace("'", "\\\""), ":1}"),
            end("'tool_use'"),
            STOP
        };
        ObjectNode answer = whole(events);
        assertEquals("'x'", at(answer, "/choices/0/message/content"));
        assertEquals(
                "[{'id':'t1','type':'function','function':{'name':'f','arguments':'{\\'a\\':1}'}}]",
                at(answer, "/choices/0/message/tool_calls"));
        assertEquals("'tool_calls'", at(answer, "/choices/0/finish_reason"));
        assertEquals("'tool_calls'", finish(chunks(events)));
    }

    @Test // 55
    void callsAloneHaveNoContent() {
        ObjectNode answer = whole(START, call(0, "f"), end("'tool_use'"), STOP);
        assertEquals("null", at(answer, "/choices/0/message/content"));
        assertEquals("'{}'", at(answer, "/choices/0/message/tool_calls/0/function/arguments"));
    }

    @Test // 56
    void serverToolsAreNoCalls() {
        Object[] events = {
            START,
            start(0, "{'type':'server_tool_use','id':'s','name':'web_search','input':{}}"),
            delta(0, "{'type':'input_json_delta','partial_json':'{}'}"),
            stop(0),
            start(1, "{'type':'web_search_tool_result','tool_use_id':'s','content':[]}"),
            stop(1),
            text(2, "🙂 see "),
            start(3, "{'type':'text','text':'','citations':[]}"),
            delta(3, "{'type':'text_delta','text':'北a'}"),
            delta(
                    3,
                    "{'type':'citations_delta','citation':{'type':'web_search_result_location','url':'https://u','title':'t'}}"),
            stop(3),
            end("'end_turn'"),
            STOP
        };
        String annotation =
                "[{'type':'url_citation','url_citation':{'start_index':6,'end_index':8,'url':'https://u','title':'t'}}]";
        ObjectNode answer = whole(events);
        assertEquals("'🙂 see 北a'", at(answer, "/choices/0/message/content"));
        assertEquals("", at(answer, "/choices/0/message/tool_calls"));
        assertEquals(annotation, at(answer, "/choices/0/message/annotations"));
        assertEquals("'stop'", at(answer, "/choices/0/finish_reason"));
        assertEquals("'server_tool_use'", at(answer, "/x_claude/server_tools/0/type"));
        List<ObjectNode> chunks = chunks(events);
        assertEquals(List.of("''", "'🙂 see '", "'北a'"), told(chunks, "/choices/0/delta/content"));
        assertEquals(List.of(annotation), told(chunks, "/choices/0/delta/annotations"));
        assertEquals(List.of(), told(chunks, "/choices/0/delta/tool_calls"));
        assertEquals("'stop'", finish(chunks));
    }

    @Test
    void anEncoderAndAFoldReadTheSameEvents() {
        List<MessageEvent> events =
                events(
                        START,
                        start(0, "{'type':'text','text':'x'}"),
                        delta(0, "{'type':'citations_delta','citation':{'url':'https://u'}}"),
                        stop(0));
        Conversion converted = Conversion.asked(Models.OLD, "");
        ChunkEncoder encoder = converted.answers().chunks();
        var fold = new MessageFold();
        var told = new ArrayList<String>();
        for (MessageEvent event : events) {
            fold.add(event);
            for (byte[] chunk : encoder.encode(event))
                told.add(at(Json.object("c", chunk), "/choices/0/delta/annotations/1"));
        }
        assertTrue(told.stream().allMatch(String::isEmpty), "one citation is one annotation");
    }

    @Test // 57
    void refusalsAreRefusals() {
        Object[] events = {
            START,
            text(0, "I"),
            "{'type':'message_delta','delta':{'stop_reason':'refusal','stop_details':{'type':'refusal','explanation':'No.'}},'usage':{}}",
            STOP
        };
        ObjectNode answer = whole(events);
        assertEquals("null", at(answer, "/choices/0/message/content"));
        assertEquals("'No.'", at(answer, "/choices/0/message/refusal"));
        assertEquals("'content_filter'", at(answer, "/choices/0/finish_reason"));
        assertEquals(List.of("'No.'"), told(chunks(events), "/choices/0/delta/refusal"));
        assertEquals("'content_filter'", finish(chunks(events)));
        assertEquals(
                "'The model declined to answer.'",
                at(whole(START, end("'refusal'"), STOP), "/choices/0/message/refusal"));
        assertEquals(
                "'I'",
                at(
                        whole(START, text(0, "I"), end("'refusal'"), STOP),
                        "/choices/0/message/refusal"));
    }

    @ParameterizedTest // 58, 59, 61 and the table of finish reasons
    @CsvSource(
            nullValues = "-",
            value = {
                "'end_turn', false, stop",
                "'stop_sequence', false, stop",
                "'max_tokens', false, length",
                "'tool_use', true, tool_calls",
                "'pause_turn', false, length",
                "'refusal', false, content_filter",
                "'model_context_window_exceeded', false, length",
                "'of_a_later_day', false, stop",
                "'of_a_later_day', true, tool_calls",
                "'end_turn', true, tool_calls",
                "'max_tokens', true, length",
                "null, false, stop",
                "'tool_use', false, stop"
            },
            quoteCharacter = '`')
    void stopReasonsBecomeFinishReasons(String reason, boolean hasCall, String finish) {
        String[] block = hasCall ? call(0, "f") : text(0, "x");
        assertEquals(
                "'" + finish + "'",
                at(whole(START, block, end(reason), STOP), "/choices/0/finish_reason"));
        assertEquals("'" + finish + "'", finish(chunks(START, block, end(reason), STOP)));
    }

    @Test // 60, 61
    void whatIsUnknownIsIgnoredAndNamed() {
        List<ObjectNode> chunks =
                chunks(
                        START,
                        start(0, "{'type':'later'}"),
                        stop(0),
                        text(1, "x"),
                        end("'later_still'"),
                        STOP);
        assertEquals(List.of("''", "'x'"), told(chunks, "/choices/0/delta/content"));
        assertEquals(
                "'content[0]=ignored(later); stop_reason=later_still'",
                at(chunks.getLast(), "/x_claude/warnings"));
    }

    @Test // 62, 63
    void usageIsCountedOrZero() {
        ObjectNode answer =
                whole(
                        "{'type':'message_start','message':{'id':'m','content':[]}}",
                        end("'end_turn'").replace("'usage':{'output_tokens':5}", "'usage':null"),
                        STOP);
        assertEquals("0", at(answer, "/usage/total_tokens"));
        var none =
                Json.object(
                        "answer",
                        Conversion.asked(Models.OLD, "").answers().completion(Json.object()));
        assertEquals("0", at(none, "/usage/total_tokens"));
        assertEquals("''", at(none, "/choices/0/message/content"));
        assertEquals("'chatcmpl-0'", at(none, "/id"));
    }

    @Test // 64
    void theModelIsNamedAsTheClientNamedIt() {
        String json = "{'model':'gpt-4o','messages':[{'role':'user','content':'x'}]}";
        Conversion converted = Conversion.of(Models.OLD, json);
        converted.has("/model", "'old'");
        assertEquals("'gpt-4o'", at(whole(converted, START, end("'end_turn'"), STOP), "/model"));
        assertTrue(
                chunks(converted, START, text(0, "x"), end("'end_turn'"), STOP).stream()
                        .allMatch(c -> at(c, "/model").equals("'gpt-4o'")));
    }

    @Test // 67
    void callsAreCountedFromZeroAndNamedOnce() {
        List<ObjectNode> chunks =
                chunks(
                        START,
                        text(0, "x"),
                        call(1, "f", "{", "}"),
                        call(2, "g", "{}"),
                        end("'tool_use'"),
                        STOP);
        assertEquals(
                List.of(
                        "{'index':0,'id':'t1','type':'function','function':{'name':'f','arguments':''}}",
                        "{'index':0,'function':{'arguments':'{'}}",
                        "{'index':0,'function':{'arguments':'}'}}",
                        "{'index':1,'id':'t2','type':'function','function':{'name':'g','arguments':''}}",
                        "{'index':1,'function':{'arguments':'{}'}}"),
                told(chunks, "/choices/0/delta/tool_calls/0"));
    }

    @Test // 68, 69
    void inputThatDoesNotComeInPiecesIsTold() {
        assertEquals(
                List.of("''", "'{}'"),
                told(
                        chunks(START, call(0, "f"), end("'tool_use'"), STOP),
                        "/choices/0/delta/tool_calls/0/function/arguments"));
        assertEquals(
                List.of("''", "'{}'"),
                told(
                        chunks(START, call(0, "f", ""), end("'tool_use'"), STOP),
                        "/choices/0/delta/tool_calls/0/function/arguments"));
        assertEquals(
                List.of("''", "'{\\'a\\':1}'"),
                told(
                        chunks(
                                START,
                                start(0, "{'type':'tool_use','id':'t','name':'f','input':{'a':1}}"),
                                stop(0),
                                end("'tool_use'"),
                                STOP),
                        "/choices/0/delta/tool_calls/0/function/arguments"));
    }

    @Test // 70, 71
    void thinkingKeepsItsOrderAndItsSignatures() {
        Object[] events = {
            START,
            thinking(0, "a", "A"),
            call(1, "f"),
            thinking(2, "b", "B"),
            call(3, "g"),
            end("'tool_use'"),
            STOP
        };
        List<ObjectNode> chunks = chunks(events);
        assertEquals(List.of("'a'", "'b'"), told(chunks, "/choices/0/delta/reasoning_content"));
        assertEquals(
                List.of(
                        "[{'type':'thinking','index':0,'text':'a','signature':'A'}]",
                        "[{'type':'thinking','index':2,'text':'b','signature':'B'}]"),
                told(chunks, "/choices/0/delta/reasoning_details"));
        ObjectNode message = (ObjectNode) whole(events).at("/choices/0/message");
        assertEquals("'ab'", at(message, "/reasoning_content"));
        String back =
                "{'model':'m','messages':[{'role':'user','content':'x'},"
                        + Json.text(message)
                        + "]}";
        Conversion.of(Models.OLD, back)
                .has("/messages/1/content/0", "{'type':'thinking','thinking':'a','signature':'A'}")
                .has("/messages/1/content/1/id", "'t1'")
                .has("/messages/1/content/2", "{'type':'thinking','thinking':'b','signature':'B'}")
                .has("/messages/1/content/3/id", "'t3'");
    }

    @Test // 72, 73
    void countsAreTotalsAndNullReplacesNothing() {
        Conversion converted =
                Conversion.asked(Models.OLD, ",'stream_options':{'include_usage':true}");
        List<ObjectNode> chunks =
                chunks(
                        converted,
                        START.replace(
                                "'output_tokens':1",
                                "'output_tokens':1,'cache_read_input_tokens':7"),
                        "{'type':'message_delta','delta':{'stop_reason':'max_tokens'},'usage':{'output_tokens':5,'cache_read_input_tokens':7,'service_tier':'priority'}}",
                        "{'type':'message_delta','delta':{'stop_reason':null},'usage':{'output_tokens':null,'input_tokens':null,'service_tier':null}}",
                        STOP);
        assertEquals("17", at(chunks.getLast(), "/usage/prompt_tokens"));
        assertEquals("5", at(chunks.getLast(), "/usage/completion_tokens"));
        assertEquals("'priority'", at(chunks.getLast(), "/service_tier"));
        assertEquals("'length'", at(chunks.get(chunks.size() - 2), "/choices/0/finish_reason"));
    }

    @Test // 74
    void usageIsToldWhenAskedFor() {
        Object[] events = {START, text(0, "x"), end("'end_turn'"), STOP};
        for (String more :
                new String[] {
                    "", ",'stream_options':{'include_usage':false}", ",'stream_options':null"
                }) {
            assertTrue(
                    chunks(Conversion.asked(Models.OLD, more), events).stream()
                            .noneMatch(c -> c.has("usage")));
        }
        List<ObjectNode> chunks =
                chunks(
                        Conversion.asked(Models.OLD, ",'stream_options':{'include_usage':true}"),
                        events);
        ObjectNode last = chunks.removeLast();
        assertEquals("[]", at(last, "/choices"));
        assertEquals("15", at(last, "/usage/total_tokens"));
        assertTrue(chunks.stream().allMatch(c -> at(c, "/usage").equals("null")));
    }

    @Test // 76, 77
    void aFailureOrASuddenEndHasNoFinish() {
        List<ObjectNode> chunks =
                chunks(
                        START,
                        text(0, "x"),
                        "{'type':'error','error':{'type':'api_error','message':'m'}}");
        assertTrue(told(chunks, "/choices/0/finish_reason").stream().allMatch("null"::equals));
        assertEquals(
                3,
                chunks(START, text(0, "x"), end("'end_turn'")).size() + 1,
                "role and content only");
    }

    @Test // 78
    void pingsAreNoChunks() {
        assertEquals(List.of(), chunks("{'type':'ping'}", "{'type':'of_a_later_day'}"));
    }

    @Test // 80, 81
    void nothingFollowsTheEnd() {
        List<ObjectNode> chunks =
                chunks(
                        START,
                        end("'end_turn'"),
                        STOP,
                        STOP,
                        text(0, "late")[0],
                        end("'max_tokens'"));
        assertEquals(
                List.of("{'role':'assistant','content':''}", "{}"),
                told(chunks, "/choices/0/delta"));
        assertEquals("'stop'", finish(chunks));
    }

    @Test // 82
    void aCallThatWasCutShortIsNotToBeRun() {
        Object[] events = {START, call(0, "f", "{\\\"a"), end("'max_tokens'"), STOP};
        ObjectNode answer = whole(events);
        assertEquals("'length'", at(answer, "/choices/0/finish_reason"));
        assertEquals("'{\\'a'", at(answer, "/choices/0/message/tool_calls/0/function/arguments"));
        assertEquals(
                List.of("''", "'{\\'a'"),
                told(chunks(events), "/choices/0/delta/tool_calls/0/function/arguments"));
        assertEquals("'length'", finish(chunks(events)));
    }

    @Test // 83
    void aDeltaOfNoBlockIsSkipped() {
        List<ObjectNode> chunks =
                chunks(
                        START,
                        delta(3, "{'type':'text_delta','text':'x'}"),
                        stop(3),
                        text(0, "y"),
                        end("'end_turn'"),
                        STOP);
        assertEquals(List.of("''", "'y'"), told(chunks, "/choices/0/delta/content"));
        assertEquals("'content[3]=unopened'", at(chunks.getLast(), "/x_claude/warnings"));
    }

    @Test
    void chunksOfOneStreamBelongTogether() {
        List<ObjectNode> chunks =
                chunks(START, text(0, "x"), call(1, "f"), end("'tool_use'"), STOP);
        for (ObjectNode chunk : chunks) {
            assertEquals("'chatcmpl-msg_1'", at(chunk, "/id"));
            assertEquals("1767225600", at(chunk, "/created"));
            assertEquals("'chat.completion.chunk'", at(chunk, "/object"));
        }
        assertEquals(1, told(chunks, "/choices/0/delta/role").size());
        assertFalse(chunks.getLast().at("/choices/0/delta").iterator().hasNext());
    }

    @Test
    void theEncoderCounts() {
        ChunkEncoder encoder = Conversion.asked(Models.OLD, "").answers().chunks();
        events(START, end("'end_turn'")).forEach(encoder::encode);
        assertEquals(new Usage(10, 5, 0, 0, 0), encoder.usage());
    }

    @Test
    void textBesideTheAnswerToolIsTheAnswerWhenTheToolIsNotCalled() {
        Conversion converted =
                Conversion.asked(
                        Models.OLD,
                        TOOLS
                                + ",'response_format':{'type':'json_schema','json_schema':{'name':'n','schema':{'type':'array'}}}");
        assertEquals(
                List.of("''", "'[7]'"),
                told(
                        chunks(
                                converted,
                                START,
                                text(0, "no"),
                                call(1, "structured_output", "{\\\"value\\\":", "[7]}"),
                                end("'tool_use'"),
                                STOP),
                        "/choices/0/delta/content"));
        assertEquals(
                List.of("''", "'so'"),
                told(
                        chunks(converted, START, text(0, "so"), end("'end_turn'"), STOP),
                        "/choices/0/delta/content"));
        List<ObjectNode> cut =
                chunks(
                        converted,
                        START,
                        call(1, "structured_output", "{\\\"value\\\":[7"),
                        end("'max_tokens'"),
                        STOP);
        assertEquals(List.of("''", "'{\\'value\\':[7'"), told(cut, "/choices/0/delta/content"));
        assertEquals("'length'", finish(cut));
    }
}
