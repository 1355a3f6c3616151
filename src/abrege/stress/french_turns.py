"""French cases with a last turn that changes everything, or a turn that changes nothing."""

from abrege.stress.rules import Does, Never, Says, Tells
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "contradictory-last-turn",
        """
        {elle1} : On part où, finalement, en {mois1} ?
        {il1} : La Bretagne me tente. Des crêpes, du vent, personne.
        {elle1} : Va pour la Bretagne. Je réserve la petite maison près du phare, elle est à {prix1}
          la semaine.
        {il1} : Parfait. {elle2} nous rejoint ?
        {elle1} : Elle a dit oui tout de suite, elle apporte son cerf-volant.
        {il1} : J'ai déjà repéré les sentiers. Je vérifie les pneus ce week-end.
        {elle1} : Stop, la propriétaire vient d'appeler : sa maison a été inondée. On va dans le
          Jura à la place, j'ai trouvé un chalet.
        """,
        "says that they go to the Jura",
        (Says("Jura", "word", ("Bretagne",)),),
        (
            "{elle1} et {il1} partiront dans le Jura avec {elle2}.",
            "La maison en Bretagne étant inondée, ils iront finalement dans le Jura.",
        ),
        (
            "{elle1} et {il1} partent en Bretagne en {mois1} avec {elle2}.",
            "{elle1} et {il1} partiront en Bretagne, et non dans le Jura.",
            "{elle1} et {il1} parlent de leurs vacances avec {elle2}.",
        ),
    ),
    Template(
        "contradictory-last-turn",
        """
        {il1} : C'est décidé, je démissionne.
        {elle1} : Tu en es sûr ? Tu as mis dix ans à l'avoir, ce poste.
        {il1} : Certain. Je rentre à pas d'heure, et je n'ai pas vu les petits depuis {jour1}.
        {elle1} : Alors on fera attention. On peut vivre avec {prix1} de moins par mois.
        {il1} : La lettre est prête, je la remets au directeur demain.
        {elle1} : Je suis fière de toi.
        {il1} : Attends, le téléphone... C'était lui. Il m'accorde le mi-temps que je demandais
          depuis deux ans. Du coup, je reste. Déchire la lettre !
        """,
        "says that {il1} keeps his job after all",
        (
            Says(
                "reste*|garde*|conserve*|ne demission*|mi-temps|renonce* a demission*",
                "word",
                ("demission*|quitt*",),
            ),
            Tells(("poste|travail|mi-temps|demission*|entreprise|emploi|boulot",)),
        ),
        (
            "{il1} voulait démissionner, mais il garde finalement son poste à mi-temps.",
            "{il1} obtient un mi-temps et reste à son poste.",
            "{il1} reste dans son entreprise au lieu de démissionner.",
        ),
        (
            "{il1} démissionne et remettra sa lettre au directeur demain.",
            "{il1} a décidé de quitter son poste pour voir ses enfants.",
            "{elle1} est fière de {il1}.",
        ),
    ),
    Template(
        "contradictory-last-turn",
        """
        Extrait du compte rendu du conseil d'école

        Faut-il avancer l'heure de la sonnerie du matin ? {elle1} {nom1} a plaidé pour, {il1} {nom2}
          contre. Après un échange courtois, le conseil s'est prononcé à {classe1} voix pour que
          l'école commence une demi-heure plus tôt dès {mois1}. La secrétaire devait prévenir le
          car.
        En fin de séance, l'inspectrice a rappelé que les horaires relèvent de la commune et que le
          vote n'avait donc aucune valeur. Il a été retiré du procès-verbal. Les horaires ne
          changent pas.
        """,
        "says that the vote does not count and that the hours stay as they are",
        (
            Tells(
                (
                    "horaire*|heure|sonnerie|vote",
                    "ne chang*|inchange*|aucune valeur|retire*|annul*|nul|sans valeur|rest*|pas"
                    " valable"
                    "|maintenu*|ne seront pas|pas modifie*|invalid*|ne compt*|ne sera pas",
                )
            ),
            Never(
                ("commencera une demi-heure", "commence une demi-heure plus tot des"),
                "says what was then undone",
            ),
        ),
        (
            "Le vote pour avancer la sonnerie n'a aucune valeur, et les horaires ne changent pas.",
            "Les horaires de l'école restent les mêmes, car ils relèvent de la commune.",
        ),
        (
            "L'école commencera une demi-heure plus tôt dès {mois1}.",
            "Le conseil a décidé à {classe1} voix d'avancer l'heure de la sonnerie.",
            "Le conseil d'école a parlé de la sonnerie du matin.",
        ),
    ),
    Template(
        "contradictory-last-turn",
        """
        {elle1} : Alors, qui prend le studio au-dessus de {lieu1} ?
        {il1} : On le loue à {il2}. Dossier impeccable, deux garants, et il ne joue d'aucun
          instrument.
        {elle1} : Et la jeune femme de {jour1}, {elle2} ?
        {il1} : Très bien aussi, mais il était là le premier. J'ai préparé son bail.
        {elle1} : Je lui fais un double des clés cet après-midi, alors.
        {il1} : Tiens, un message de {il2}... Il se désiste, il a trouvé plus grand. Le studio est
          donc pour {elle2}. Je l'appelle tout de suite.
        """,
        "says that {elle2} gets the flat and not {il2}",
        (Does((("{elle2}", "studio|logement|appartement|loue|louer|louera|bail"),), ("{il2}",)),),
        (
            "{elle2} aura le studio, car {il2} s'est désisté.",
            "{il1} voulait louer le studio à {il2}, mais finalement le studio est pour {elle2}.",
        ),
        (
            "{il2} loue le studio au-dessus de {lieu1} ; son bail est prêt.",
            "{il2} prend le studio parce que son dossier est impeccable.",
            "{elle1} fera un double des clés cet après-midi.",
        ),
    ),
    Template(
        "aside",
        """
        Conseil de quartier de {jour1}, à {lieu1}

        {elle1} {nom1} a présenté les travaux de la rue des Tanneurs. À ce moment, une chèvre est
          entrée dans la salle, a mangé l'ordre du jour et s'est couchée sous la table de la
          présidente ; on a su plus tard qu'elle s'était échappée d'un cirque.
        La chaussée sera refaite à partir du 3 {mois1} et la rue fermée pendant {nombre1} jours.
          {il1} a demandé où passerait le bus. Il sera dévié par le quai, et un arrêt provisoire
          sera posé devant la pharmacie.
        """,
        "says that the street is closed for works, and nothing of the goat",
        (
            Tells(("rue|chaussee|tanneurs", "travaux|ferm*|refait*")),
            Never(("chevre", "cirque", "animal"), "tells the aside"),
        ),
        (
            "La rue des Tanneurs sera fermée {nombre1} jours pour refaire la chaussée.",
            "Pendant les travaux de la rue des Tanneurs, le bus sera dévié par le quai.",
        ),
        (
            "La rue des Tanneurs sera fermée pour travaux, et une chèvre a mangé l'ordre du jour.",
            "Une chèvre échappée d'un cirque est entrée dans la salle.",
            "{il1} a demandé où passerait le bus.",
        ),
    ),
    Template(
        "aside",
        """
        {il1} : Tu as eu le garage ?
        {elle1} : Oui, ce matin. Au fait, tu ne devineras jamais : dans la salle d'attente, un
          monsieur tricotait une écharpe pour son serpent. Six mètres ! Il m'a montré des photos.
          Bref, la voiture est prête {jour1}, il y en a pour {prix1}.
        {il1} : N'importe quoi. Et les freins ?
        {elle1} : Changés tous les quatre. Ils disent qu'on a eu de la chance, on n'aurait pas passé
          l'hiver.
        {il1} : Bon. Je demanderai à {il2} de me déposer pour aller la chercher.
        """,
        "says that the car is ready on {jour1}, and nothing of the scarf",
        (
            Tells(("voiture|auto*|vehicule", "{jour1}|pret*|repar*|freins|garage")),
            Never(("serpent", "echarpe", "tricot*"), "tells the aside"),
        ),
        (
            "La voiture sera prête {jour1} ; les quatre freins ont été changés pour {prix1}.",
            "Le garage a réparé la voiture de {il1} et {elle1}, il y en a pour {prix1}.",
        ),
        (
            "La voiture sera prête {jour1}, et un monsieur tricotait une écharpe pour son serpent.",
            "Un monsieur tricotait dans la salle d'attente une écharpe de six mètres.",
            "{il2} déposera {il1}.",
        ),
    ),
    Template(
        "aside",
        """
        Objet : votre demande de jardin partagé

        Chère {elle1},
        Votre dossier est accepté : la parcelle {classe1} vous attend. La cotisation annuelle est de
          {prix1}, l'eau et les outils compris. La remise des clés aura lieu {jour1} à {lieu1}. Il
          vous sera demandé une demi-journée de travaux communs par mois.
        Je ne résiste pas au plaisir de vous dire que votre prénom est celui de mon premier
          trombone, un instrument que mon oncle avait gagné au poker contre un évêque, et que j'ai
          perdu dans un tramway.

        Cordialement,
        {il1} {nom1}
        """,
        "says that {elle1} gets a garden plot, and nothing of the trombone",
        (
            Tells(
                ("parcelle|jardin", "accept*|obtien*|attribu*|aura|attend|recoi*|remise|dossier")
            ),
            Never(("trombone", "eveque", "poker", "tramway", "oncle"), "tells the aside"),
        ),
        (
            "La demande de {elle1} est acceptée : elle obtient la parcelle {classe1} pour {prix1}.",
            "{elle1} aura un jardin partagé ; les clés lui seront remises {jour1}.",
        ),
        (
            "{elle1} obtient la parcelle {classe1}. L'oncle de {il1} a gagné un trombone.",
            "{il1} {nom1} a perdu un trombone dans un tramway.",
            "Il faut une demi-journée de travaux communs par mois.",
        ),
    ),
    Template(
        "aside",
        """
        La passerelle qui relie {lieu1} à l'autre rive rouvrira {jour1}, a annoncé la métropole.
          Longue de {nombre1} mètres, elle était fermée depuis trois ans pour cause de rouille. Les
          vélos devront la franchir au pas.
        L'ingénieure {elle1} {nom1} a répondu aux journalistes avec, sur l'épaule, un hibou qu'elle
          soigne chez elle et qui a hululé à chaque question. Des barrières resteront en place côté
          nord jusqu'en {mois1}, le temps de finir les peintures.
        """,
        "says that the footbridge opens again, and nothing of the owl",
        (
            Tells(("passerelle|pont", "rouv*|ouv*|reouv*")),
            Never(("hibou*", "oiseau*", "hulul*", "chouette"), "tells the aside"),
        ),
        (
            "La passerelle rouvrira {jour1} après trois ans de fermeture.",
            "Fermée depuis trois ans à cause de la rouille, la passerelle va rouvrir.",
        ),
        (
            "La passerelle rouvrira {jour1} ; l'ingénieure avait un hibou sur l'épaule.",
            "Un hibou a hululé à chaque question des journalistes.",
            "{elle1} {nom1} a répondu aux journalistes de la métropole.",
        ),
    ),
)
