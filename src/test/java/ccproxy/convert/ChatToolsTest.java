package ccproxy.convert;

import static ccproxy.convert.Conversion.asked;
import static ccproxy.convert.Conversion.messages;
import static ccproxy.convert.Conversion.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Cases 10-20: tools and the choice among them.
class ChatToolsTest {
    private static final String TOOLS =
            ",'tools':[{'type':'function','function':{'name':'f'}},{'type':'function','function':{'name':'g'}},"
                    + "{'type':'custom','custom':{'name':'h'}}]";
    private static final String EMPTY_SCHEMA = "{'type':'object','properties':{}}";

    @Test // 10
    void aToolWithoutParametersTakesAnEmptyObject() {
        for (String parameters :
                new String[] {
                    "", ",'parameters':null", ",'parameters':{}", ",'parameters':{'type':'object'}"
                }) {
            asked(
                            Models.OLD,
                            ",'tools':[{'type':'function','function':{'name':'f','description':''"
                                    + parameters
                                    + "}}]")
                    .has("/tools", "[{'name':'f','input_schema':" + EMPTY_SCHEMA + "}]");
        }
    }

    @Test
    void aCustomToolWithoutAWrapperIsOneToo() {
        String schema =
                "{'type':'object','properties':{'input':{'type':'string'}},'required':['input']}";
        asked(
                        Models.OLD,
                        ",'tools':[{'type':'custom','name':'ApplyPatch','description':'d','format':"
                                + "{'type':'grammar','syntax':'lark','definition':'start: x'}}]")
                .has(
                        "/tools",
                        "[{'name':'ApplyPatch','description':'d\\n\\nThe input must follow this lark grammar:\\nstart: x','input_schema':"
                                + schema
                                + "}]")
                .warns("");
        String whole = "[{'type':'custom','name':'f','input_schema':{'type':'object'}}]";
        asked(Models.OLD, ",'tools':" + whole).has("/tools", whole).warns("");
    }

    @Test // 11
    void aToolsSchemaStaysWhole() {
        String schema =
                "{'type':'object','properties':{'a':{'anyOf':[{'$ref':'#/$defs/d'},{'type':'null'}],'minimum':1.50}},"
                        + "'$defs':{'d':{'type':'string','x-own':[1,2]}},'additionalProperties':false,'required':['a']}";
        asked(
                        Models.OLD,
                        ",'tools':[{'type':'function','function':{'name':'f','description':'d','parameters':"
                                + schema
                                + "}}]")
                .has("/tools", "[{'name':'f','description':'d','input_schema':" + schema + "}]")
                .warns("");
    }

    @Test
    void anMcpToolsetIsToldApartByItsServer() {
        String tools =
                "[{'type':'mcp_toolset','mcp_server_name':'q'},{'type':'mcp_toolset','mcp_server_name':'r'}]";
        asked(Models.OLD, ",'tools':" + tools).has("/tools", tools).warns("");
    }

    @Test // 12
    void noToolsAreNoTools() {
        for (String more :
                new String[] {
                    "", ",'tool_choice':'auto','parallel_tool_calls':false", ",'tool_choice':'none'"
                }) {
            asked(Models.OLD, ",'tools':[]" + more)
                    .has("/tools", "")
                    .has("/tool_choice", "")
                    .warns("");
        }
        refused(
                Models.OLD,
                "{'model':'m','messages':[{'role':'user','content':'x'}],'tools':[],'tool_choice':'required'}",
                "tool_choice: expected tools to choose from, found none");
    }

    @Test // 13
    void toolsThatWereCalledAreDefined() {
        messages(
                        Models.OLD,
                        "{'role':'user','content':'x'}",
                        "{'role':'assistant','tool_calls':[{'id':'a','function':{'name':'f','arguments':'{}'}},{'id':'b','function':{'name':'g','arguments':'{}'}}]}",
                        "{'role':'tool','tool_call_id':'a','content':'1'}")
                .has(
                        "/tools",
                        "[{'name':'f','input_schema':"
                                + EMPTY_SCHEMA
                                + "},{'name':'g','input_schema':"
                                + EMPTY_SCHEMA
                                + "}]")
                .has("/tool_choice", "{'type':'none'}");
    }

    @ParameterizedTest // 14, 15, 16, 17, 19
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    ``                                | ``
                    ,'tool_choice':null               | ``
                    ,'tool_choice':'none'             | {'type':'none'}
                    ,'tool_choice':'auto'             | {'type':'auto'}
                    ,'tool_choice':'required'         | {'type':'any'}
                    ,'tool_choice':{'type':'function','function':{'name':'g'}} | {'type':'tool','name':'g'}
                    ,'tool_choice':{'type':'custom','custom':{'name':'h'}}     | {'type':'tool','name':'h'}
                    ,'tool_choice':{'type':'tool','name':'g'}                  | {'type':'tool','name':'g'}
                    ,'tool_choice':{'type':'any'}                              | {'type':'any'}
                    ,'parallel_tool_calls':true       | ``
                    ,'parallel_tool_calls':false      | {'type':'auto','disable_parallel_tool_use':true}
                    ,'parallel_tool_calls':false,'tool_choice':'required' | {'type':'any','disable_parallel_tool_use':true}
                    ,'parallel_tool_calls':false,'tool_choice':'none'     | {'type':'none'}
                    """)
    void theChoiceIsTheClients(String more, String choice) {
        asked(Models.OLD, TOOLS + more)
                .has("/tool_choice", choice)
                .has("/tools/1/name", "'g'")
                .warns("");
    }

    @Test // 18
    void aForcedCallIsAskedForWhereThinkingForbidsIt() {
        asked(
                        Models.MIDDLE,
                        TOOLS
                                + ",'tool_choice':'required','reasoning_effort':'low','parallel_tool_calls':false")
                .has("/tool_choice", "{'type':'auto','disable_parallel_tool_use':true}")
                .has("/system", "[{'type':'text','text':'Answer by calling one of the tools.'}]")
                .warns("tool_choice=auto");
        asked(Models.MIDDLE, TOOLS + ",'tool_choice':'required'")
                .has("/tool_choice", "{'type':'any'}")
                .warns("");
    }

    @Test // 18, versions 1b
    void aForcedCallIsAskedForWhereTheModelKnowsNone() {
        asked(Models.NEW, TOOLS + ",'tool_choice':{'type':'function','function':{'name':'g'}}")
                .has("/tool_choice", "{'type':'auto'}")
                .has("/system/0/text", "'Answer by calling the tool `g`.'")
                .warns("tool_choice=auto");
        assertEquals(
                "tool_choice: cannot be honoured as given (it would be auto)",
                Conversion.refusedStrictly(Models.NEW, TOOLS + ",'tool_choice':'required'")
                        .getMessage());
    }

    @Test // 19
    void onlyAllowedToolsAreSent() {
        String allowed =
                ",'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'%s','tools':[{'type':'function','function':{'name':'g'}}]}}";
        asked(Models.OLD, TOOLS + allowed.formatted("auto"))
                .has("/tools", "[{'name':'g','input_schema':" + EMPTY_SCHEMA + "}]")
                .has("/tool_choice", "{'type':'auto'}");
        asked(Models.OLD, TOOLS + allowed.formatted("required"))
                .has("/tool_choice", "{'type':'any'}");
    }

    @Test // 20
    void functionsAreTools() {
        Conversion converted =
                asked(
                        Models.OLD,
                        ",'functions':[{'name':'f','parameters':{}}],'function_call':{'name':'f'}");
        converted
                .has("/tools", "[{'name':'f','input_schema':" + EMPTY_SCHEMA + "}]")
                .has("/tool_choice", "{'type':'tool','name':'f','disable_parallel_tool_use':true}");
        asked(Models.OLD, ",'functions':[{'name':'f'}],'function_call':'none'")
                .has("/tool_choice", "{'type':'none'}");
    }

    @Test
    void customToolsTakeOneText() {
        asked(
                        Models.OLD,
                        ",'tools':[{'type':'custom','custom':{'name':'h','description':'d','format':{'type':'grammar','grammar':{'syntax':'lark','definition':'start: x'}}}}]")
                .has(
                        "/tools",
                        "[{'name':'h','description':'d\\n\\nThe input must follow this lark grammar:\\nstart: x',"
                                + "'input_schema':{'type':'object','properties':{'input':{'type':'string'}},'required':['input']}}]");
    }

    @Test
    void anthropicsOwnToolsStayWhole() {
        String tools =
                "[{'type':'bash_20250124','name':'bash'},{'name':'own','input_schema':{'type':'object'},'later':1},"
                        + "{'type':'custom','name':'own2','input_schema':{'type':'object'}}]";
        asked(Models.OLD, ",'tools':" + tools).has("/tools", tools);
        refused(
                Models.OLD,
                "{'model':'m','messages':[{'role':'user','content':'x'}],'tools':[{'type':'code_interpreter','container':{}}]}",
                "tools[0].name: expected a string, found nothing");
    }

    @Test
    void strictnessIsKeptWhereItCanBe() {
        String closed =
                "{'type':'object','properties':{'a':{'type':'string'}},'additionalProperties':false}";
        String open =
                "{'type':'object','properties':{'a':{'type':'object','properties':{}}},'additionalProperties':false}";
        String tool =
                ",'tools':[{'type':'function','function':{'name':'f','strict':true,'parameters':%s}}]";
        asked(Models.MIDDLE, tool.formatted(closed)).has("/tools/0/strict", "true").warns("");
        asked(Models.MIDDLE, tool.formatted(open))
                .has("/tools/0/strict", "")
                .warns("tools[0].function.strict=dropped");
        asked(Models.OLD, tool.formatted(closed))
                .has("/tools/0/strict", "")
                .warns("tools[0].function.strict=dropped");
    }

    @Test
    void marksAndExtensionsOfAToolStay() {
        asked(
                        Models.OLD,
                        ",'tools':[{'type':'function','cache_control':{'type':'ephemeral'},'function':{'name':'f','defer_loading':true}}]")
                .has("/tools/0/cache_control", "{'type':'ephemeral'}")
                .has("/tools/0/defer_loading", "true");
    }

    @Test
    void aNameIsDefinedOnce() {
        asked(
                        Models.OLD,
                        ",'tools':[{'type':'function','function':{'name':'f'}},{'type':'function','function':{'name':'f'}}]")
                .has("/tools/1", "")
                .warns("tools=duplicate(f)");
    }

    @Test
    void webSearchIsTheNewestTheModelHas() {
        asked(
                        Models.MIDDLE,
                        ",'web_search_options':{'search_context_size':'high','user_location':{'type':'approximate','approximate':{'city':'Oslo'}}}")
                .has(
                        "/tools",
                        "[{'type':'web_search_20260209','name':'web_search','max_uses':10,'user_location':{'type':'approximate','city':'Oslo'}}]");
        asked(Models.OLD, ",'web_search_options':{}").has("/tools/0/max_uses", "5");
        asked(Models.OLD, ",'web_search_options':{'search_context_size':'low'}")
                .has("/tools/0/max_uses", "2");
        asked(Models.PLAIN, ",'web_search_options':{}")
                .has("/tools", "")
                .warns("web_search_options=dropped");
    }
}
