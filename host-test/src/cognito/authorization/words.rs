//! The words of the pages that a user sees, in some of the languages that `lang` asks for.

/// The words of one language.
#[derive(Debug)]
pub(in crate::cognito) struct Words {
    /// Its tag (RFC 5646).
    pub(in crate::cognito) lang: &'static str,
    pub(in crate::cognito) sign_in: &'static str,
    pub(in crate::cognito) username: &'static str,
    pub(in crate::cognito) password: &'static str,
    pub(in crate::cognito) incorrect: &'static str,
    /// With `{}` for the identity provider's name.
    continue_with: &'static str,
    pub(in crate::cognito) choose_account: &'static str,
    pub(in crate::cognito) cancel: &'static str,
    pub(in crate::cognito) test_user: &'static str,
    pub(in crate::cognito) stand_in: &'static str,
}

impl Words {
    /// In the language asked for, by its primary subtag; in English where none is, or it isn't known here.
    pub(in crate::cognito) fn in_language(asked_for: Option<&str>) -> &'static Self {
        let primary = asked_for.and_then(|lang| lang.split('-').next()).unwrap_or_default();
        LANGUAGES.iter().find(|words| words.lang.eq_ignore_ascii_case(primary)).unwrap_or(&ENGLISH)
    }

    pub(in crate::cognito) fn continue_with(&self, identity_provider: &str) -> String {
        self.continue_with.replace("{}", identity_provider)
    }
}

const ENGLISH: Words = Words {
    lang: "en",
    sign_in: "Sign in",
    username: "Username or email",
    password: "Password",
    incorrect: "Incorrect username or password.",
    continue_with: "Continue with {}",
    choose_account: "Choose an account",
    cancel: "Cancel",
    test_user: "A user to sign in with",
    stand_in: "A local stand-in for Amazon Cognito, for tests and demos.",
};

const LANGUAGES: [Words; 5] = [
    Words {
        lang: "de",
        sign_in: "Anmelden",
        username: "Benutzername oder E-Mail-Adresse",
        password: "Passwort",
        incorrect: "Benutzername oder Passwort ist falsch.",
        continue_with: "Weiter mit {}",
        choose_account: "Konto auswählen",
        cancel: "Abbrechen",
        test_user: "Zum Anmelden",
        stand_in: "Ein lokaler Ersatz für Amazon Cognito, für Tests und Vorführungen.",
    },
    Words {
        lang: "fr",
        sign_in: "Se connecter",
        username: "Nom d’utilisateur ou adresse e-mail",
        password: "Mot de passe",
        incorrect: "Nom d’utilisateur ou mot de passe incorrect.",
        continue_with: "Continuer avec {}",
        choose_account: "Choisissez un compte",
        cancel: "Annuler",
        test_user: "Pour se connecter",
        stand_in: "Un remplaçant local d’Amazon Cognito, pour les tests et les démonstrations.",
    },
    Words {
        lang: "es",
        sign_in: "Iniciar sesión",
        username: "Nombre de usuario o correo electrónico",
        password: "Contraseña",
        incorrect: "Nombre de usuario o contraseña incorrectos.",
        continue_with: "Continuar con {}",
        choose_account: "Elige una cuenta",
        cancel: "Cancelar",
        test_user: "Para iniciar sesión",
        stand_in: "Un sustituto local de Amazon Cognito, para pruebas y demostraciones.",
    },
    Words {
        lang: "ja",
        sign_in: "サインイン",
        username: "ユーザー名またはメールアドレス",
        password: "パスワード",
        incorrect: "ユーザー名またはパスワードが正しくありません。",
        continue_with: "{} で続行",
        choose_account: "アカウントの選択",
        cancel: "キャンセル",
        test_user: "サインイン用のユーザー",
        stand_in: "テストとデモのための、Amazon Cognito のローカルな代役です。",
    },
    Words {
        lang: "ar",
        sign_in: "تسجيل الدخول",
        username: "اسم المستخدم أو البريد الإلكتروني",
        password: "كلمة المرور",
        incorrect: "اسم المستخدم أو كلمة المرور غير صحيحة.",
        continue_with: "المتابعة باستخدام {}",
        choose_account: "اختر حسابًا",
        cancel: "إلغاء",
        test_user: "مستخدم لتسجيل الدخول",
        stand_in: "بديل محلي لخدمة Amazon Cognito، للاختبارات والعروض.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_speaks_the_language_asked_for_or_says_that_it_speaks_english() {
        for (asked_for, lang) in
            [(Some("de"), "de"), (Some("ja-JP"), "ja"), (Some("AR"), "ar"), (Some("xx"), "en"), (Some(""), "en"), (None, "en")]
        {
            assert_eq!(Words::in_language(asked_for).lang, lang, "{asked_for:?}");
        }
        assert_eq!(Words::in_language(Some("de")).continue_with("Google"), "Weiter mit Google");
    }
}
