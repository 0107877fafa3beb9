package ccproxy.convert;

import static ccproxy.convert.Conversion.asked;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.wire.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/// Cases 42-45: answers in JSON.
class StructuredOutputTest {
    private static final String SCHEMA =
            "{'type':'object','properties':{'a':{'type':'integer','minimum':1}},'required':['a']}";
    private static final String FORMAT =
            ",'response_format':{'type':'json_schema','json_schema':{'name':'n','strict':true,'schema':"
                    + SCHEMA
                    + "}}";
    private static final String TOOLS = ",'tools':[{'type':'function','function':{'name':'f'}}]";

    private static ObjectNode answer(Conversion converted, String content, String stopReason) {
        var message =
                (ObjectNode)
                        Json.tree(
                                Conversion.strict(
                                        "{'id':'m','content':" + content + ",'usage':{}}"));
        message.put("stop_reason", stopReason);
        return Json.object("answer", converted.answers().completion(message));
    }

    @Test // 42, 43
    void capableModelsTakeTheSchema() {
        String deep =
                "{'type':'object','description':'d','properties':{'l':{'type':'array','minItems':2,'items':{'type':'object','properties':{'s':{'type':'string','maxLength':9,'minLength':1}}}},"
                        + "'r':{'$ref':'#/$defs/x'},'minimum':{'type':'null'}},'$defs':{'x':{'oneOf':[{'type':['object','null'],'additionalProperties':true},{'type':'string'}]}}}";
        asked(Models.NEW, FORMAT.replace(SCHEMA, deep))
                .has(
                        "/output_config/format",
                        "{'type':'json_schema','schema':{'type':'object','description':'d','properties':{"
                                + "'l':{'type':'array','items':{'type':'object','properties':{'s':{'type':'string','description':'(maxLength: 9, minLength: 1)'}},'additionalProperties':false},'description':'(minItems: 2)'},"
                                + "'r':{'$ref':'#/$defs/x'},'minimum':{'type':'null'}},"
                                + "'$defs':{'x':{'anyOf':[{'type':['object','null'],'additionalProperties':false},{'type':'string'}]}},'additionalProperties':false}}")
                .has("/tools", "")
                .has("/system", "")
                .warns("");
        asked(Models.NEW, FORMAT + ",'reasoning_effort':'low'")
                .has("/output_config/effort", "'low'")
                .has("/output_config/format/type", "'json_schema'");
    }

    @Test // 44
    void otherModelsCallAToolOfOurs() {
        Conversion converted = asked(Models.OLD, FORMAT);
        converted
                .has(
                        "/tools",
                        "[{'name':'structured_output','description':'Gives the answer to the user.','input_schema':"
                                + SCHEMA
                                + "}]")
                .has("/tool_choice", "{'type':'tool','name':'structured_output'}");
        ObjectNode answer =
                answer(
                        converted,
                        "[{'type':'text','text':'Sure:'},{'type':'tool_use','id':'t','name':'structured_output','input':{'a':1}}]",
                        "tool_use");
        assertEquals("{\"a\":1}", answer.at("/choices/0/message/content").asString());
        assertEquals("stop", answer.at("/choices/0/finish_reason").asString());
        assertEquals(true, answer.at("/choices/0/message/tool_calls").isMissingNode());
    }

    @Test // 44
    void theClientsToolsMayBeCalledInstead() {
        Conversion converted = asked(Models.OLD, FORMAT + TOOLS);
        converted.has("/tool_choice", "{'type':'any'}").has("/tools/1/name", "'structured_output'");
        ObjectNode answer =
                answer(
                        converted,
                        "[{'type':'tool_use','id':'t','name':'f','input':{}}]",
                        "tool_use");
        assertEquals("f", answer.at("/choices/0/message/tool_calls/0/function/name").asString());
        assertEquals("tool_calls", answer.at("/choices/0/finish_reason").asString());
        asked(Models.OLD, FORMAT + TOOLS + ",'tool_choice':'none'")
                .has("/tool_choice", "{'type':'tool','name':'structured_output'}");
        asked(Models.OLD, FORMAT + TOOLS + ",'parallel_tool_calls':false")
                .has("/tool_choice", "{'type':'any','disable_parallel_tool_use':true}");
        asked(
                        Models.OLD,
                        FORMAT
                                + TOOLS
                                + ",'tool_choice':{'type':'function','function':{'name':'f'}}")
                .has("/tool_choice", "{'type':'tool','name':'f'}");
        asked(Models.OLD, FORMAT + TOOLS.replace("'f'", "'structured_output'"))
                .has("/tools/1/name", "'structured_output_'");
    }

    @Test
    void answersThatAreNoObjectsAreWrapped() {
        Conversion converted =
                asked(
                        Models.OLD,
                        FORMAT.replace(SCHEMA, "{'type':'array','items':{'type':'string'}}"));
        converted.has(
                "/tools/0/input_schema",
                "{'type':'object','properties':{'value':{'type':'array','items':{'type':'string'}}},'required':['value']}");
        assertEquals(
                "[\"x\"]",
                answer(
                                converted,
                                "[{'type':'tool_use','name':'structured_output','input':{'value':['x']}}]",
                                "tool_use")
                        .at("/choices/0/message/content")
                        .asString());
        assertEquals(
                "{\"other\":1}",
                answer(
                                converted,
                                "[{'type':'tool_use','name':'structured_output','input':{'other':1}}]",
                                "tool_use")
                        .at("/choices/0/message/content")
                        .asString());
    }

    @Test
    void whereNeitherIsThereItIsAskedFor() {
        asked(Models.OLD, FORMAT + ",'reasoning_effort':'low'")
                .has("/tools", "")
                .has(
                        "/system/0/text",
                        Json.text(
                                        Json.tree(
                                                Conversion.strict(
                                                                "'Answer with one JSON value only: no other text and no code fence around it. It must follow this JSON schema:\\n"
                                                                        + SCHEMA.replace(
                                                                                "'", "\\\\'")
                                                                        + "'")
                                                        .replace("\\\\\"", "\\\"")))
                                .replace('"', '\''))
                .warns("response_format=asked_for");
    }

    @ParameterizedTest // 45
    @ValueSource(
            strings = {
                "{\"a\":1}",
                "```json\n{\"a\":1}\n```",
                "```\n{\"a\":1}\n```\n",
                "  ```JSON\n\n{\"a\":1}```",
                "```json{\"a\":1}```"
            })
    void fencesAreTakenOff(String text) {
        Conversion converted = asked(Models.OLD, ",'response_format':{'type':'json_object'}");
        converted.has(
                "/system/0/text",
                "'Answer with one JSON object only: no other text and no code fence around it.'");
        var content = Json.array().add(Json.object().put("type", "text").put("text", text));
        var message = Json.object().put("stop_reason", "end_turn");
        message.set("content", content);
        ObjectNode answer = Json.object("answer", converted.answers().completion(message));
        assertEquals("{\"a\":1}", answer.at("/choices/0/message/content").asString());
        for (int cut = 0; cut <= text.length(); cut++) {
            var fence = new FenceStripper();
            var joined = new StringBuilder();
            for (String part : List.of(text.substring(0, cut), text.substring(cut)))
                joined.append(fence.add(part));
            assertEquals("{\"a\":1}", joined.append(fence.end()).toString());
            var single = new FenceStripper();
            var all = new StringBuilder();
            for (char c : text.toCharArray()) all.append(single.add(String.valueOf(c)));
            assertEquals("{\"a\":1}", all.append(single.end()).toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "`", "``", "plain", "`code` and ```", "```", "```json", "a```b```"})
    void whatIsNoFenceStays(String text) {
        var fence = new FenceStripper();
        var all = new StringBuilder();
        for (char c : text.toCharArray()) all.append(fence.add(String.valueOf(c)));
        assertEquals(text, all.append(fence.end()).toString());
    }

    @Test
    void textAsksForNothing() {
        asked(Models.OLD, ",'response_format':{'type':'text'}")
                .has("/system", "")
                .has("/tools", "")
                .warns("");
    }
}
