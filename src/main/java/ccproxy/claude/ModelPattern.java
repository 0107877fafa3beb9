package ccproxy.claude;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Which model names are meant: an exact one (`gpt-4o`), a prefix (`gpt-*`) or a regular expression
/// (`/^o[0-9]/`).
///
/// @param text as it was written
/// @param form what a name is searched for
public record ModelPattern(String text, Pattern form) {
    /// {@return the pattern that is written so}
    ///
    /// @throws IllegalArgumentException says what is wrong with it
    public static ModelPattern of(String text) {
        if (text.isEmpty()) throw new IllegalArgumentException("expected a pattern, found none");
        try {
            if (isExpression(text)) {
                return new ModelPattern(
                        text, Pattern.compile(text.substring(1, text.length() - 1)));
            }
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "expected a regular expression, found '" + text + "'", e);
        }
        boolean isPrefix = isPrefix(text);
        String literal = isPrefix ? text.substring(0, text.length() - 1) : text;
        String form = "^" + Pattern.quote(literal) + (isPrefix ? "" : "$");
        return new ModelPattern(text, Pattern.compile(form));
    }

    /// {@return whether it is a name itself}
    public boolean isExact() {
        return !isExpression(text) && !isPrefix(text);
    }

    private static boolean isExpression(String text) {
        return text.length() > 2 && text.startsWith("/") && text.endsWith("/");
    }

    private static boolean isPrefix(String text) {
        return text.endsWith("*");
    }

    /// {@return whether this name is meant}
    public boolean matches(String name) {
        return form.matcher(name).find();
    }

    /// By its text: a compiled pattern is equal to none but itself.
    @Override
    public boolean equals(Object other) {
        return other instanceof ModelPattern pattern && pattern.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
