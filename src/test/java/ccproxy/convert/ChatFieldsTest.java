package ccproxy.convert;

import static ccproxy.convert.Conversion.asked;
import static ccproxy.convert.Conversion.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.convert.ChatToMessages.Options;
import ccproxy.wire.Digests;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Cases 32, 36-41, 46 and 49: the plain fields.
class ChatFieldsTest {
    @Test // 32
    void theNewerLimitWins() {
        asked(Models.OLD, ",'max_completion_tokens':7,'max_tokens':9")
                .has("/max_tokens", "7")
                .warns("");
        asked(Models.OLD, ",'max_tokens':9").has("/max_tokens", "9");
        asked(Models.OLD, "").has("/max_tokens", "32000");
        asked(Models.PLAIN, "").has("/max_tokens", "8000");
        asked(Models.PLAIN, ",'max_tokens':8000").has("/max_tokens", "8000").warns("");
        asked(Models.PLAIN, ",'max_tokens':8001")
                .has("/max_tokens", "8000")
                .warns("max_tokens=clamped(8000)");
        refused(
                Models.OLD,
                "{'model':'m','messages':[{'role':'user','content':'x'}],'max_tokens':0}",
                "max_tokens: expected an integer from 1 to 2147483647, found 0");
    }

    @Test
    void whatIsNotHonouredIsNamed() {
        asked(Models.OLD, ",'seed':0,'presence_penalty':0").warns("seed=dropped");
        asked(Models.OLD, ",'session_id':'abc'").warns("session_id=dropped");
        asked(Models.OLD, ",'stop':'a','stop_sequences':['b']")
                .has("/stop_sequences", "['a']")
                .warns("stop_sequences=dropped");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    'cache_control':{'type':'ephemeral'} | ``
                    'mcp_servers':null                   | ``
                    'mcp_servers':[]                     | mcp-client-2025-11-20
                    'fallbacks':[]                       | server-side-fallback-2026-07-01
                    'output_format':{}                   | structured-outputs-2025-11-13
                    'thread':{}                          | message-threads-2026-08-12
                    'context_management':{'edits':[{'type':'clear_tool_uses_20250919'}]} | context-management-2025-06-27
                    'context_management':{'edits':[{'type':'compact_20260112'}]} | compact-2026-01-12,context-management-2025-06-27
                    'thinking':{'type':'enabled','budget_tokens':2000,'block_binding':{}} | thinking-binding-controls-2026-08-01
                    """)
    void fieldsBringTheirBeta(String field, String betas) {
        assertEquals(betas, String.join(",", asked(Models.OLD, "," + field).betas()));
    }

    @Test
    void anthropicsOwnFieldsPass() {
        asked(Models.OLD, ",'thread':{'type':'create'},'billing_policy':'x','system':'be brief'")
                .has("/thread", "{'type':'create'}")
                .has("/system", "[{'type':'text','text':'be brief'}]")
                .warns("");
    }

    @ParameterizedTest // 36, 37, 38
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    OLD    | ,'temperature':0.2                | 0.2 | ``   | ``  | ``
                    OLD    | ,'temperature':1.7                | 1   | ``   | ``  | temperature=clamped(1)
                    OLD    | ,'temperature':0.2,'top_p':0.5,'top_k':3 | 0.2 | 0.5 | 3 | ``
                    MIDDLE | ,'temperature':0.2,'top_p':0.5    | 0.2 | ``   | ``  | top_p=dropped(temperature)
                    MIDDLE | ,'top_p':0.5                      | ``  | 0.5  | ``  | ``
                    NEW    | ,'temperature':0.2                | ``  | ``   | ``  | temperature=dropped
                    NEW    | ,'temperature':1,'top_p':1        | ``  | ``   | ``  | ``
                    NEW    | ,'top_p':0.5,'top_k':3            | ``  | ``   | ``  | top_p=dropped; top_k=dropped
                    OLD    | ,'temperature':0.2,'top_p':0.5,'top_k':3,'reasoning_effort':'low' | `` | `` | `` | temperature=dropped(thinking); top_p=dropped(thinking); top_k=dropped(thinking)
                    OLD    | ,'top_p':0.95,'reasoning_effort':'low' | `` | 0.95 | `` | ``
                    """)
    void samplingIsWhatTheModelTakes(
            String model,
            String more,
            String temperature,
            String topP,
            String topK,
            String warning) {
        var rules =
                Models.ALL.stream()
                        .filter(m -> m.id().equalsIgnoreCase(model))
                        .findFirst()
                        .orElseThrow();
        asked(rules, more)
                .has("/temperature", temperature)
                .has("/top_p", topP)
                .has("/top_k", topK)
                .warns(warning);
    }

    @Test // versions 1a
    void theNewerApiVersionHasNoSampling() {
        for (String version : new String[] {"2026-10-21", "2027-01-01"}) {
            var options = new Options(Models.OLD, "", version, false, _ -> java.util.List.of());
            Conversion.of(
                            "{'model':'m','messages':[{'role':'user','content':'x'}],'temperature':0.2,'top_p':0.5,'top_k':3}",
                            options)
                    .has("/temperature", "")
                    .has("/top_p", "")
                    .has("/top_k", "")
                    .warns(
                            "temperature=dropped(api_version); top_p=dropped(api_version); top_k=dropped(api_version)");
        }
    }

    @Test // 36
    void strictRequestsAreRefusedInstead() {
        var e = Conversion.refusedStrictly(Models.NEW, ",'temperature':0.2");
        assertEquals(
                "temperature: cannot be honoured as given (it would be dropped)", e.getMessage());
        assertEquals(400, e.chatStatus());
        assertTrue(
                new String(e.chatBody(), java.nio.charset.StandardCharsets.UTF_8)
                        .contains("\"code\":\"unsupported_parameter\""));
    }

    @ParameterizedTest // 39
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    '\\n'             | ``                     | stop=dropped
                    ['END',' ']       | ['END']                | stop[1]=dropped
                    'END'             | ['END']                | ``
                    []                | ``                     | ``
                    null              | ``                     | ``
                    ['a','b','c','d','e'] | ['a','b','c','d','e'] | ``
                    """)
    void stopSequencesAreAList(String stop, String sequences, String warning) {
        asked(Models.OLD, ",'stop':" + stop).has("/stop_sequences", sequences).warns(warning);
    }

    @Test // 40
    void personsAreNotNamedAndMetadataIsNotSent() {
        asked(Models.OLD, ",'user':'a@b.c','metadata':{'x':1}")
                .has("/metadata", "{'user_id':'" + Digests.sha256("a@b.c") + "'}")
                .warns("");
        asked(Models.OLD, ",'user':'+47 123 45 678'")
                .has("/metadata/user_id", "'" + Digests.sha256("+47 123 45 678") + "'");
        asked(Models.OLD, ",'safety_identifier':'u-1'").has("/metadata", "{'user_id':'u-1'}");
        asked(Models.OLD, ",'user':'" + "u".repeat(256) + "'")
                .has("/metadata/user_id", "'" + "u".repeat(256) + "'");
        asked(Models.OLD, ",'user':'" + "u".repeat(257) + "'")
                .has("/metadata/user_id", "'" + Digests.sha256("u".repeat(257)) + "'");
    }

    @Test // 41
    void oneAnswerIsGiven() {
        asked(Models.OLD, ",'n':1").warns("");
        refused(
                Models.OLD,
                "{'model':'m','messages':[{'role':'user','content':'x'}],'n':2}",
                "n: expected 1, found 2");
    }

    @Test // 46
    void unknownFieldsAreNamed() {
        asked(Models.OLD, ",'foo':1,'seed':7,'logprobs':true,'logit_bias':{'1':2}")
                .has("/foo", "")
                .has("/seed", "")
                .warns("foo=dropped; seed=dropped; logprobs=dropped; logit_bias=dropped");
        asked(
                        Models.OLD,
                        ",'logprobs':false,'presence_penalty':0,'frequency_penalty':0.0,'logit_bias':{},'foo':null,"
                                + "'store':true,'prompt_cache_key':'k','modalities':['text']")
                .warns("");
        assertEquals(
                "foo: cannot be honoured as given (it would be dropped)",
                Conversion.refusedStrictly(Models.OLD, ",'foo':1").getMessage());
        asked(Models.OLD, ",'huge':1e999").warns("huge=dropped");
    }

    @Test
    void fieldsOfTheOtherApiPass() {
        asked(
                        Models.MIDDLE,
                        ",'container':'c','speed':'fast','output_config':{'effort':'low','task_budget':1},'cache_control':{'type':'ephemeral'}")
                .has("/container", "'c'")
                .has("/speed", "'fast'")
                .has("/output_config", "{'effort':'low','task_budget':1}")
                .has("/cache_control", "{'type':'ephemeral'}")
                .warns("");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            textBlock =
                    """
                    auto, 'auto', ``
                    default, 'standard_only', ``
                    standard_only, 'standard_only', ``
                    flex, 'standard_only', service_tier=standard_only
                    priority, 'auto', service_tier=auto
                    """)
    void tiersHaveOtherNames(String tier, String sent, String warning) {
        asked(Models.OLD, ",'service_tier':'" + tier + "'")
                .has("/service_tier", sent)
                .warns(warning);
    }

    @Test // 49
    void fourCacheMarksAreKept() {
        String mark = ",'cache_control':{'type':'ephemeral'}}";
        String part = "{'type':'text','text':'%s'" + mark;
        String system = "{'role':'system','content':[" + part.formatted("s") + "]}";
        String user =
                "{'role':'user','content':["
                        + part.formatted("a")
                        + ","
                        + part.formatted("b")
                        + ","
                        + part.formatted("c")
                        + "]}";
        String tools = ",'tools':[{'type':'function','function':{'name':'f'}" + mark + "]}";
        String messages = "{'model':'m','messages':[" + system + "," + user + "]";
        Conversion.of(Models.OLD, messages + "}").warns("");
        Conversion.of(Models.OLD, messages + tools)
                .has("/tools/0/cache_control", "{'type':'ephemeral'}")
                .has("/system/0/cache_control", "{'type':'ephemeral'}")
                .has("/messages/0/content/0/cache_control", "")
                .has("/messages/0/content/1/cache_control", "{'type':'ephemeral'}")
                .has("/messages/0/content/2/cache_control", "{'type':'ephemeral'}")
                .warns("cache_control=dropped(1)");
    }

    @Test
    void longRetentionIsTheLongestLife() {
        String part = "{'type':'text','text':'s','cache_control':{'type':'ephemeral'%s}}";
        String user =
                "{'role':'user','content':["
                        + part.formatted("")
                        + ","
                        + part.formatted(",'ttl':'5m'")
                        + "]}";
        Conversion.of(
                        Models.OLD,
                        "{'model':'m','prompt_cache_retention':'24h','messages':[" + user + "]}")
                .has("/messages/0/content/0/cache_control", "{'type':'ephemeral','ttl':'1h'}")
                .has("/messages/0/content/1/cache_control", "{'type':'ephemeral','ttl':'5m'}");
        Conversion.of(
                        Models.OLD,
                        "{'model':'m','prompt_cache_retention':'in_memory','messages':["
                                + user
                                + "]}")
                .has("/messages/0/content/0/cache_control", "{'type':'ephemeral'}");
    }

    @Test
    void warningsFitIntoAHeader() {
        var warnings = new Warnings(false);
        for (int i = 0; i < 200; i++) warnings.note("field\n" + i + "é", "dropped(\"x\")");
        assertTrue(
                warnings.header().startsWith("field_0_=dropped(_x_); field_1_=dropped(_x_)"),
                warnings.header());
        assertTrue(warnings.header().endsWith("; more=omitted"));
        assertTrue(warnings.header().length() <= Warnings.CHARACTERS_MAX);
        for (int over = 0; over < 2; over++) {
            var line = new Warnings(false);
            // 22 entries of 90 make 1978 characters, and the rest reaches the limit or passes it.
            for (int i = 10; i < 31; i++) line.note("f" + i + "x".repeat(80), "d");
            int left = Warnings.CHARACTERS_MAX - line.header().length() - "; more=omitted".length();
            while (left > 110) {
                line.note("g" + left + "x".repeat(40), "d");
                left = Warnings.CHARACTERS_MAX - line.header().length() - "; more=omitted".length();
            }
            line.note("y".repeat(left / 2 - 2), "z".repeat(left - left / 2 - 1 + over));
            assertEquals(over == 1, line.header().endsWith("; more=omitted"));
            assertTrue(line.header().length() <= Warnings.CHARACTERS_MAX);
        }
    }
}
