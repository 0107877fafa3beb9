package ccproxy.convert;

import static ccproxy.convert.Conversion.asked;
import static ccproxy.convert.Conversion.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.convert.ChatToMessages.Display;
import ccproxy.convert.ChatToMessages.Options;
import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Cases 33-35 and the effort chain of the newer models.
class ChatThinkingTest {
    private static final String SUMMARY = "{'type':'adaptive','display':'summarized'}";

    private static ModelRules rules(String id) {
        return Models.ALL.stream()
                .filter(m -> m.id().equalsIgnoreCase(id))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest // 33
    @CsvSource({
        "minimal, 32000, 1024", "low, 32000, 2048", "medium, 32000, 8192", "high, 32000, 16384",
        "xhigh, 40000, 24576", "max, 64000, 32000", "max, 8000, 6000", "high, 1500, 1125",
        "low, 1025, 1024"
    })
    void budgetsAreLargeEnoughAndBelowTheLimit(String effort, int tokensMax, int budget) {
        asked(Models.OLD, ",'reasoning_effort':'" + effort + "','max_tokens':" + tokensMax)
                .has("/thinking", "{'type':'enabled','budget_tokens':" + budget + "}")
                .has("/output_config", "")
                .warns("");
    }

    @Test // 33
    void withoutRoomForABudgetThereIsNone() {
        asked(Models.OLD, ",'reasoning_effort':'low','max_tokens':1024")
                .has("/thinking", "")
                .warns("reasoning_effort=dropped(max_tokens)");
    }

    @ParameterizedTest // 34
    @CsvSource(
            quoteCharacter = '`',
            textBlock =
                    """
                    MIDDLE,  minimal, low,  reasoning_effort=low
                    MIDDLE,  low,     low,  ``
                    MIDDLE,  xhigh,   high, reasoning_effort=high
                    MIDDLE,  max,     max,  ``
                    NEW,     minimal, low,  reasoning_effort=low
                    NEW,     xhigh,   xhigh, ``
                    NEW,     max,     max,  ``
                    """)
    void effortIsTheNearestTheModelHas(String model, String wanted, String sent, String warning) {
        asked(rules(model), ",'reasoning_effort':'" + wanted + "'")
                .has("/thinking", SUMMARY)
                .has("/output_config", "{'effort':'" + sent + "'}")
                .warns(warning);
        asked(rules(model), ",'reasoning':{'effort':'" + wanted + "'}")
                .has("/output_config", "{'effort':'" + sent + "'}");
    }

    @Test
    void effortNeedsItsBetaOnSomeModels() {
        Conversion converted = asked(Models.BETWEEN, ",'reasoning_effort':'max'");
        converted
                .has("/thinking", "{'type':'enabled','budget_tokens':24000}")
                .has("/output_config", "{'effort':'high'}");
        assertEquals(Set.of("effort-2025-11-24"), converted.betas());
        assertEquals(Set.of(), asked(Models.BETWEEN, "").betas());
    }

    /// versions §3: disabled, else between_tools, else the lowest effort.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    OLD     | {'type':'disabled'}      | ``               | ``
                    MIDDLE  | {'type':'disabled'}      | ``               | ``
                    SPARING | {'type':'between_tools'} | ``               | reasoning_effort=between_tools
                    NEW     | {'type':'adaptive','display':'summarized'} | {'effort':'low'} | reasoning_effort=low
                    PLAIN   | ``                       | ``               | ``
                    """)
    void noEffortIsTheNearestToNotThinking(
            String model, String thinking, String config, String warning) {
        asked(rules(model), ",'reasoning_effort':'none'")
                .has("/thinking", thinking)
                .has("/output_config", config)
                .warns(warning);
    }

    @Test
    void aModelThatThinksOnlyWhenToldIsNotTold() {
        var silent =
                new ModelRules(
                        "s",
                        9000,
                        Set.of("enabled"),
                        List.of("low"),
                        "",
                        false,
                        true,
                        true,
                        ModelRules.Sampling.ALL,
                        true,
                        true,
                        false,
                        "");
        asked(silent, ",'reasoning_effort':'none'")
                .has("/thinking", "")
                .has("/output_config", "")
                .warns("");
    }

    /// versions §3: no effort above high without thinking.
    @ParameterizedTest
    @CsvSource({
        "MIDDLE, disabled, max, high",
        "MIDDLE, disabled, low, low",
        "SPARING, between_tools, xhigh, high",
        "SPARING, between_tools, max, high",
        "SPARING, adaptive, max, max"
    })
    void effortAboveHighNeedsThinking(String model, String type, String wanted, String sent) {
        asked(
                        rules(model),
                        ",'thinking':{'type':'" + type + "'},'reasoning_effort':'" + wanted + "'")
                .has("/thinking", "{'type':'" + type + "'}")
                .has("/output_config", "{'effort':'" + sent + "'}");
    }

    @ParameterizedTest // 35
    @CsvSource({"1024, low", "2048, low", "8000, medium", "8193, high", "60000, high"})
    void aBudgetIsAnEffortOnAdaptiveModels(int budget, String effort) {
        asked(Models.NEW, ",'thinking':{'type':'enabled','budget_tokens':" + budget + "}")
                .has("/thinking", SUMMARY)
                .has("/output_config", "{'effort':'" + effort + "'}")
                .warns("thinking=adaptive");
    }

    @Test
    void theClientsOwnThinkingStaysWhole() {
        String own =
                "{'type':'enabled','budget_tokens':5000,'display':'omitted','block_binding':{'x':1}}";
        asked(Models.OLD, ",'thinking':" + own).has("/thinking", own).warns("");
        asked(Models.NEW, ",'thinking':{'type':'adaptive'}")
                .has("/thinking", "{'type':'adaptive'}");
        asked(Models.NEW, ",'thinking':{'type':'of_a_later_day'}")
                .has("/thinking", "{'type':'of_a_later_day'}");
        asked(Models.OLD, ",'thinking':{'type':'adaptive'}")
                .has("/thinking", "{'type':'enabled','budget_tokens':16384}")
                .warns("thinking=enabled");
        asked(Models.PLAIN, ",'thinking':{'type':'enabled','budget_tokens':5000}")
                .has("/thinking", "")
                .warns("thinking=dropped");
        asked(Models.NEW, ",'thinking':{'type':'disabled'}")
                .has("/thinking", SUMMARY)
                .has("/output_config/effort", "'low'");
    }

    @Test
    void theModelsNameMayAskForEffort() {
        String json = "{'model':'m','messages':[{'role':'user','content':'x'}]%s}";
        var options = new Options(Models.NEW, "high", Conversion.VERSION, false, _ -> List.of());
        Conversion.of(json.formatted(""), options).has("/output_config", "{'effort':'high'}");
        Conversion.of(json.formatted(",'reasoning_effort':'low'"), options)
                .has("/output_config", "{'effort':'low'}");
    }

    /// What models of the 5.5 family say between two calls stands in their thinking.
    @Test
    void modelsThatAlwaysThinkAreAskedForTheirSummaryWhenThereAreTools() {
        String tools = ",'tools':[{'type':'function','function':{'name':'f'}}]";
        asked(Models.NEW, tools).has("/thinking", SUMMARY).has("/output_config", "").warns("");
        asked(Models.NEW, "").has("/thinking", "");
        asked(Models.MIDDLE, tools).has("/thinking", "");
        asked(Models.OLD, tools).has("/thinking", "");
        String json =
                Conversion.strict(
                        "{'model':'m','messages':[{'role':'user','content':'x'}],'reasoning_effort':'low'"
                                + tools
                                + "}");
        var hidden = new Display(0, "c", "f", "hide");
        Conversion.of(
                        Json.object("body", json.getBytes(StandardCharsets.UTF_8)),
                        Conversion.options(Models.NEW),
                        hidden)
                .has("/thinking", "{'type':'adaptive'}");
    }

    @Test
    void unknownEffortsAreRefused() {
        refused(
                Models.OLD,
                "{'model':'m','messages':[{'role':'user','content':'x'}],'reasoning_effort':'huge'}",
                "reasoning_effort: expected one of none, minimal, low, medium, high, xhigh, max, found \"huge\"");
        asked(Models.PLAIN, ",'reasoning_effort':'low'").warns("reasoning_effort=dropped");
    }
}
