package ccproxy.convert;

import ccproxy.wire.ModelRules;
import ccproxy.wire.ModelRules.Sampling;
import java.util.List;
import java.util.Set;

/// A few kinds of models, fixed: what the tests say does not change with the catalog.
final class Models {
    /// Thinks within a budget, takes every field.
    static final ModelRules OLD =
            new ModelRules(
                    "old",
                    64_000,
                    Set.of("enabled", "disabled"),
                    List.of(),
                    "",
                    false,
                    true,
                    true,
                    Sampling.ALL,
                    true,
                    true,
                    false,
                    "web_search_20250305");

    /// Thinks within a budget and by effort, which needs a beta; takes one sampling field.
    static final ModelRules BETWEEN =
            new ModelRules(
                    "between",
                    64_000,
                    Set.of("enabled", "disabled"),
                    List.of("low", "medium", "high"),
                    "effort-2025-11-24",
                    false,
                    true,
                    true,
                    Sampling.ONE,
                    true,
                    true,
                    false,
                    "");

    /// Every kind of thinking; native structured output; no prefill.
    static final ModelRules MIDDLE =
            new ModelRules(
                    "middle",
                    128_000,
                    Set.of("adaptive", "enabled", "disabled"),
                    List.of("low", "medium", "high", "max"),
                    "",
                    true,
                    true,
                    true,
                    Sampling.ONE,
                    false,
                    true,
                    false,
                    "web_search_20260209");

    /// Thinks always, takes no sampling and no forced calls, knows system turns.
    static final ModelRules NEW =
            new ModelRules(
                    "new",
                    128_000,
                    Set.of("adaptive"),
                    List.of("low", "medium", "high", "xhigh", "max"),
                    "",
                    true,
                    true,
                    true,
                    Sampling.NONE,
                    false,
                    false,
                    true,
                    "web_search_20260318");

    /// As [#NEW], but can think between tools only.
    static final ModelRules SPARING =
            new ModelRules(
                    "sparing",
                    128_000,
                    Set.of("adaptive", "between_tools"),
                    List.of("low", "medium", "high", "xhigh", "max"),
                    "",
                    true,
                    true,
                    true,
                    Sampling.NONE,
                    false,
                    false,
                    true,
                    "");

    /// Nothing but text.
    static final ModelRules PLAIN =
            new ModelRules(
                    "plain",
                    8_000,
                    Set.of(),
                    List.of(),
                    "",
                    false,
                    false,
                    false,
                    Sampling.ALL,
                    true,
                    true,
                    false,
                    "");

    static final List<ModelRules> ALL = List.of(OLD, BETWEEN, MIDDLE, NEW, SPARING, PLAIN);

    private Models() {}
}
