package ccproxy.convert;

import static ccproxy.convert.Conversion.asked;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the API refuses on the top of a tool's schema.
class SchemaMergerTest {
    private static Conversion tool(String schema) {
        return asked(
                Models.MIDDLE,
                ",'tools':[{'type':'function','function':{'name':'f','parameters':"
                        + schema
                        + "}}]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {'allOf':[{'properties':{'a':{}},'required':['a']},{'properties':{'b':{}},'description':'d'}]} | {'type':'object','properties':{'a':{},'b':{}},'required':['a'],'description':'d'}
                    {'$ref':'#/$defs/A','$defs':{'A':{'type':'object','properties':{'a':{'$ref':'#/$defs/B'}},'additionalProperties':false},'B':{'type':'string'}}} | {'$defs':{'A':{'type':'object','properties':{'a':{'$ref':'#/$defs/B'}},'additionalProperties':false},'B':{'type':'string'}},'type':'object','properties':{'a':{'$ref':'#/$defs/B'}},'additionalProperties':false}
                    {'anyOf':[{'type':'null'},false,{'type':['object','null'],'properties':{'a':{}},'required':['a']}]} | {'type':'object','properties':{'a':{}},'required':['a']}
                    {'properties':{'a':{'type':'string'}},'allOf':[{'properties':{'a':{'minLength':1}}},{'properties':{'a':{'maxLength':9}}}]} | {'properties':{'a':{'allOf':[{'type':'string'},{'allOf':[{'minLength':1},{'maxLength':9}]}]}},'type':'object'}
                    {'properties':{'a':{'anyOf':[{'type':'string'},{'type':'null'}]}}} | {'properties':{'a':{'anyOf':[{'type':'string'},{'type':'null'}]}},'type':'object'}
                    {'$ref':'https://example.org/a'} | {'$ref':'https://example.org/a','type':'object','properties':{}}
                    {'$ref':'#/$defs/gone'} | {'$ref':'#/$defs/gone','type':'object','properties':{}}
                    """)
    void whatSaysTheSameIsNoWarning(String schema, String sent) {
        tool(schema).has("/tools/0/input_schema", sent).warns("");
    }

    @Test
    void fieldsOfWhichOneIsNeededAreToldInWords() {
        tool("{'type':'object','properties':{'id':{'type':'string'},'title':{},'body':{}},'required':['id'],"
                        + "'description':'Changes it.','anyOf':[{'required':['title']},{'required':['body']}]}")
                .has(
                        "/tools/0/input_schema",
                        "{'type':'object','properties':{'id':{'type':'string'},'title':{},'body':{}},'required':['id'],"
                                + "'description':'Changes it.\\n\\nAt least one of these forms: {title}, {body}'}")
                .warns("tools[0].function.parameters=merged");
    }

    @Test
    void formsOfWhichOneIsTakenBecomeOneObject() {
        String circle =
                "{'type':'object','properties':{'kind':{'const':'circle'},'radius':{'type':'number'}},'required':['kind','radius'],'additionalProperties':false}";
        String square =
                "{'type':'object','properties':{'kind':{'enum':['square']},'side':{'type':'number'},'label':{'type':'string'}},'required':['kind','side'],'additionalProperties':false}";
        tool("{'oneOf':[{'$ref':'#/$defs/circle'},"
                        + square
                        + "],'$defs':{'circle':"
                        + circle
                        + "}}")
                .has(
                        "/tools/0/input_schema",
                        "{'$defs':{'circle':"
                                + circle
                                + "},'type':'object','properties':{'kind':{'anyOf':[{'const':'circle'},{'enum':['square']}]},"
                                + "'radius':{'type':'number'},'side':{'type':'number'},'label':{'type':'string'}},'required':['kind'],"
                                + "'additionalProperties':false,'description':'Exactly one of these forms: "
                                + "{kind: \\'circle\\', radius}, {kind: \\'square\\', side, label?}'}")
                .warns("tools[0].function.parameters=merged");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'anyOf':[{'properties':{'a':{'enum':{'b':1}}}},{}]}",
                "{'anyOf':[{'properties':[1],'required':'a'},{'required':[1,null]},1,null,'a']}",
                "{'oneOf':{'a':1},'anyOf':[],'allOf':null,'$ref':1}",
                "{'$ref':'#/','properties':7,'allOf':[{'properties':{'a':1}}]}",
            })
    void whatIsNoSchemaIsNoFaultOfOurs(String schema) {
        var sent = tool(schema).body().at("/tools/0/input_schema");
        for (String union : new String[] {"anyOf", "oneOf", "allOf"}) assertFalse(sent.has(union));
    }

    @Test
    void whatReadsOnAndOnIsSentAsItCame() {
        for (String endless :
                new String[] {
                    "{'$ref':'#/$defs/a','$defs':{'a':{'$ref':'#/$defs/a'}},'type':'object','properties':{}}",
                    "{'anyOf':[{'$ref':'#/$defs/a'}],'$defs':{'a':{'anyOf':[{'$ref':'#/$defs/a'},{'$ref':'#/$defs/a'}]}},'type':'object','properties':{}}"
                }) {
            tool(endless).has("/tools/0/input_schema", endless).warns("");
        }
    }

    @Test
    void whatIsReadHasABound() {
        String form = "{'properties':{'" + "x".repeat(10_000) + "':{}}}";
        String reference = "{'$ref':'#/$defs/a'}";
        String forms = (reference + ",").repeat(70) + reference;
        String schema =
                "{'type':'object','properties':{},'allOf':[%s],'$defs':{'a':%s},'description':'%%s'}"
                        .formatted(forms, form);
        int read = schema.length() - 2 + 71 * (reference.length() + form.length());
        String rest = "y".repeat(SchemaMerger.CHARACTERS_MAX - read);
        for (String under : new String[] {"", rest.substring(1), rest}) {
            assertTrue(isMerged(schema.formatted(under)));
        }
        assertFalse(isMerged(schema.formatted(rest + "y")));
    }

    private static boolean isMerged(String schema) {
        var sent = tool(schema).body().at("/tools/0/input_schema");
        assertEquals(sent.has("allOf"), sent.path("properties").isEmpty());
        return !sent.has("allOf");
    }

    @Test
    void oneThatCannotBeReadKeepsNoOtherFromIt() {
        String endless = "{'$ref':'#/$defs/a','$defs':{'a':{'$ref':'#/$defs/a'}}}";
        String function = "{'type':'function','function':{'name':'%s','parameters':%s}}";
        asked(
                        Models.OLD,
                        ",'tools':["
                                + function.formatted("f", endless)
                                + ","
                                + function.formatted("g", "{'allOf':[{'properties':{'a':{}}}]}")
                                + "]")
                .has("/tools/1/input_schema", "{'type':'object','properties':{'a':{}}}");
    }
}
