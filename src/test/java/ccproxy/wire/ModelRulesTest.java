package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelRulesTest {
    private static ModelRules withEfforts(String... efforts) {
        return new ModelRules(
                "m",
                1,
                Set.of(),
                List.of(efforts),
                "",
                false,
                false,
                false,
                ModelRules.Sampling.NONE,
                false,
                false,
                false,
                "");
    }

    /// Case 34.
    @ParameterizedTest
    @CsvSource({
        "low, low, low",
        "medium, medium, medium",
        "high, high, high",
        "xhigh, high, xhigh",
        "max, max, max"
    })
    void theNearestLowerEffortIsTaken(String wanted, String ofFour, String ofFive) {
        assertEquals(ofFour, withEfforts("low", "medium", "high", "max").effort(wanted));
        assertEquals(ofFive, withEfforts("low", "medium", "high", "xhigh", "max").effort(wanted));
        assertEquals(
                wanted.equals("max") ? "max" : "high", withEfforts("high", "max").effort(wanted));
    }

    @Test
    void capabilitiesAndRulesAreData() {
        ModelRules rules =
                ModelRules.of(
                        Json.tree(
                                """
                                {"id":"m","max_tokens":64000,"capabilities":{
                                  "thinking":{"supported":true,"types":{"adaptive":{"supported":true},"enabled":{"supported":false}}},
                                  "effort":{"supported":true,"low":{"supported":true},"max":{"supported":true},"high":{"supported":false}},
                                  "structured_outputs":{"supported":true},"image_input":{"supported":true},"pdf_input":{"supported":false}}}
                                """),
                        Json.tree(
                                """
                                {"effort_beta":"b","sampling":"one","prefill":true,"forced_tools":true,"system_turns":true,"web_search_tool":"w"}
                                """));
        assertEquals(
                new ModelRules(
                        "m",
                        64_000,
                        Set.of("adaptive"),
                        List.of("low", "max"),
                        "b",
                        true,
                        true,
                        false,
                        ModelRules.Sampling.ONE,
                        true,
                        true,
                        true,
                        "w"),
                rules);
    }

    @Test
    void whatIsNotToldIsNotThere() {
        assertEquals(
                new ModelRules(
                        "",
                        0,
                        Set.of(),
                        List.of(),
                        "",
                        false,
                        false,
                        false,
                        ModelRules.Sampling.NONE,
                        false,
                        false,
                        false,
                        ""),
                ModelRules.of(Json.object(), Json.object()));
    }
}
