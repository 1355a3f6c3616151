"""French cases about who does what."""

from abrege.stress.rules import Does
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "who-promised-what",
        """
        {elle1} : Bon, la crémaillère, on se répartit les tâches ?
        {il1} : Je m'occupe de la musique. J'ai retrouvé ma vieille platine.
        {elle2} : Moi, je fais les quiches. Trois au saumon, trois sans rien de vivant.
        {elle1} : Génial. {il1}, tu pourrais aussi monter les tréteaux ?
        {il1} : Avec mon dos, je préfère pas.
        {elle1} : Alors je monterai les tréteaux moi-même, c'est du sixième sans ascenseur mais tant
          pis.
        {elle2} : On dit aux gens de venir à partir de {heure1} ?
        {elle1} : Oui, et qu'ils montent doucement, la voisine dort tôt.
        """,
        "gives the music to {il1}, the quiches to {elle2} and the trestles to {elle1}",
        (
            Does(
                (("{il1}", "musique|platine"), ("{elle2}", "quiche"), ("{elle1}", "treteau*|table"))
            ),
        ),
        (
            "{il1} s'occupe de la musique, {elle2} fait les quiches et {elle1} monte les tréteaux.",
            "Pour la crémaillère, les quiches seront faites par {elle2}. {il1} apporte la musique,"
            " et"
            " {elle1} les tréteaux.",
        ),
        (
            "{elle1} s'occupe de la musique, {elle2} fait les quiches et {il1} monte les tréteaux.",
            "{il1} s'occupe de la musique et des tréteaux, {elle2} des quiches.",
            "{elle1}, {elle2} et {il1} préparent une crémaillère.",
        ),
    ),
    Template(
        "who-promised-what",
        """
        Compte rendu de l'appel de {jour1} sur le festival

        On a fait le tour de ce qui manque. Les affiches d'abord : celles de l'an dernier portent
          une faute au mot « amphithéâtre ». {il1} s'engage à en dessiner de nouvelles avant la fin
          du mois.
        Pour les bénévoles, il en faudrait {nombre1}. {elle1} connaît du monde au lycée et se charge
          de les recruter.
        {il2} a demandé si les riverains étaient au courant. Personne n'en savait rien. Il fera donc
          du porte à porte la veille pour les avertir. Prochain point dans quinze jours.
        """,
        "gives the posters to {il1}, the volunteers to {elle1} and the neighbours to {il2}",
        (
            Does(
                (
                    ("{il1}", "affiche"),
                    ("{elle1}", "benevole|recrut*"),
                    ("{il2}", "riverain*|voisin*|porte a porte"),
                )
            ),
        ),
        (
            "{il1} dessinera les affiches, {elle1} recrutera les bénévoles et {il2} préviendra les"
            " riverains.",
            "{elle1} se charge des bénévoles et {il1} des affiches, tandis que {il2} avertira les"
            " riverains.",
        ),
        (
            "{il2} dessinera les affiches, {elle1} recrutera les bénévoles et {il1} préviendra les"
            " riverains.",
            "{elle1} dessinera les affiches et recrutera les bénévoles. {il2} avertira les"
            " riverains.",
            "Il manque des affiches et des bénévoles pour le festival.",
        ),
    ),
    Template(
        "who-promised-what",
        """
        Objet : les noces d'or de papa et maman

        Mes chers frère et sœur,
        Merci pour votre coup de fil d'hier. Pour que nous ayons tous les trois la même chose en
          tête, je récapitule. {il1}, tu loues le car, avec un chauffeur qui ne fume pas. {elle1},
          tu t'es proposée pour les fleurs ; du coup, j'ai dit à tante {elle2} de garder ses
          dahlias.
        Je réserve moi-même le restaurant pour {nombre1} personnes, puisque j'habite à côté. D'ici
          {jour1}, pas un mot aux parents !

        Je vous embrasse,
        {elle3}
        """,
        "gives the coach to {il1}, the flowers to {elle1} and the restaurant to {elle3}",
        (
            Does(
                (("{il1}", "car|autocar|bus"), ("{elle1}", "fleurs"), ("{elle3}", "restaurant")),
                ("{elle2}",),
            ),
        ),
        (
            "{il1} loue le car, {elle1} s'occupe des fleurs et {elle3} réserve le restaurant.",
            "Le restaurant sera réservé par {elle3}. {elle1} se charge des fleurs, et {il1} loue un"
            " car.",
        ),
        (
            "{il1} loue le car, {elle2} s'occupe des fleurs et {elle3} réserve le restaurant.",
            "{elle3} loue le car et réserve le restaurant, et {elle1} s'occupe des fleurs.",
            "{elle3} écrit à son frère et à sa sœur au sujet des noces d'or de leurs parents.",
        ),
    ),
    Template(
        "who-promised-what",
        """
        {il1} : La colo débarque {jour1} et le gîte est un chantier.
        {elle1} : Je sais. Je répare la clôture, il ne manque que deux planches.
        {il1} : Super. Et le frigo ? Il fait un bruit de tracteur.
        {il2} : Le frigo, c'est pour moi. Mon cousin est dépanneur, il me prête ce qu'il faut.
        {elle1} : Il faudrait aussi laver les duvets.
        {il1} : J'allais te le demander, mais tu as déjà la clôture. Allez, je lave les duvets
          demain, avant d'aller bosser.
        {il2} : Les {nombre1} ?
        {il1} : Je commencerai tôt.
        """,
        "gives the fence to {elle1}, the fridge to {il2} and the sleeping bags to {il1}",
        (Does((("{elle1}", "cloture"), ("{il2}", "frigo*|refrigerateur"), ("{il1}", "duvet"))),),
        (
            "{elle1} répare la clôture, {il2} le frigo et {il1} lave les duvets.",
            "Avant l'arrivée de la colo, {il1} lavera les duvets et {il2} réparera le frigo. La"
            " clôture sera réparée par {elle1}.",
        ),
        (
            "{il1} répare la clôture, {il2} le frigo et {elle1} lave les duvets.",
            "{il2} répare la clôture et le frigo, et {il1} lave les duvets.",
            "La colo arrive {jour1} et le gîte doit être remis en état.",
        ),
    ),
    Template(
        "swapped-names",
        """
        Le concours de soupes de {jour1} s'est joué à une voix. {pair1[0]} {nom1}, tenante du titre,
          faisait figure de favorite avec son velouté de châtaignes, et le public, à {lieu1},
          scandait déjà son prénom. Le jury a préféré la soupe d'orties de {pair1[1]} {nom2}.
        {pair1[1]} a donc gagné la louche d'argent, et {pair1[0]}, deuxième, a demandé la recette.
          La présidente du jury avait d'abord confondu les deux prénoms au micro, ce qui a valu à
          chacune un instant de gloire.
        """,
        "says that {pair1[1]} won the contest and not {pair1[0]}",
        (
            Does(
                (("{pair1[1]}", "gagn*|remport*|victoire|gagnante|vainqueur|laureate|premiere"),),
                ("{pair1[0]}",),
            ),
        ),
        (
            "{pair1[1]} {nom2} a gagné le concours de soupes devant {pair1[0]} {nom1}.",
            "{pair1[0]} était favorite, mais le concours a été remporté par {pair1[1]}.",
        ),
        (
            "{pair1[0]} {nom1} a remporté le concours de soupes avec son velouté.",
            "{pair1[1]} était favorite, mais {pair1[0]} a gagné le concours.",
            "Le concours de soupes s'est joué à une voix.",
        ),
    ),
    Template(
        "swapped-names",
        """
        {elle1} : Donc {jour1}, {pair1[0]} fait la vaisselle et {pair1[1]} promène le chien.
        {il1} : C'était le programme. Sauf que {pair1[0]} s'est coupé le doigt, elle a un gros
          pansement.
        {elle1} : Pauvre choute. Et la vaisselle, alors ?
        {il1} : Elles ont échangé. {pair1[1]} s'occupe de la vaisselle, et {pair1[0]} sort le chien.
          Nous serons {nombre1} à table, il y aura de quoi faire.
        {elle1} : {pair1[1]} est d'accord ?
        {il1} : Elle a dit que le chien tirait trop, de toute façon.
        {elle1} : Je corrige le tableau de la cuisine.
        """,
        "says that {pair1[1]} does the dishes and {pair1[0]} walks the dog",
        (Does((("{pair1[1]}", "vaisselle"), ("{pair1[0]}", "chien"))),),
        (
            "{pair1[1]} fera la vaisselle et {pair1[0]} promènera le chien.",
            "{pair1[0]} devait faire la vaisselle, mais elles ont échangé : {pair1[1]} fait la"
            " vaisselle et {pair1[0]} sort le chien.",
        ),
        (
            "{pair1[0]} fera la vaisselle et {pair1[1]} promènera le chien.",
            "Elles ont échangé : {pair1[0]} fait la vaisselle et {pair1[1]} sort le chien.",
            "{elle1} corrige le tableau de la cuisine.",
        ),
    ),
    Template(
        "swapped-names",
        """
        Note aux locataires : changement de gardiens

        À compter du 1er {mois1}, M. {twin1[0]} sera responsable de la tour Nord et M. {twin1[1]} de
          la tour Sud. Attention : c'est l'inverse de ce qui existait jusqu'ici, et l'inverse aussi
          de ce qu'indique le dépliant distribué {jour1}, qui est à jeter.
        Chacun emporte son trousseau de clés ; les colis restent à la loge. Comme les deux noms se
          ressemblent, merci de les écrire lisiblement sur vos courriers. En cas d'urgence, composez
          le numéro affiché dans le hall.
        """,
        "says that M. {twin1[0]} has the north tower and M. {twin1[1]} the south tower",
        (Does((("{twin1[0]}", "nord"), ("{twin1[1]}", "sud"))),),
        (
            "M. {twin1[0]} s'occupera de la tour Nord et M. {twin1[1]} de la tour Sud.",
            "Les gardiens échangent leurs tours : la tour Nord revient à M. {twin1[0]} et la tour"
            " Sud"
            " à M. {twin1[1]}.",
        ),
        (
            "M. {twin1[1]} s'occupera de la tour Nord et M. {twin1[0]} de la tour Sud.",
            "À partir de {mois1}, M. {twin1[0]} sera le gardien de la tour Sud.",
            "Les locataires vont avoir un changement de gardiens.",
        ),
    ),
    Template(
        "swapped-names",
        """
        Objet : votre article de {jour1}

        Monsieur le rédacteur en chef,
        Nous avons lu avec émotion votre récit du sauvetage de notre grand-père. Il contient
          cependant une erreur de personne. Vous écrivez que {pair1[0]} l'a sorti de l'eau.
          {pair1[0]} tient la buvette du lac ; elle a prêté une couverture, et nous l'en remercions.
        C'est {pair1[1]}, {age1} ans, qui a plongé tout habillée, qui l'a sauvé et qui est repartie
          sans laisser son nom. Les deux prénoms se confondent facilement, mais l'honneur doit aller
          à qui de droit.

        {elle1} {nom1}
        """,
        "says that {pair1[1]} saved the grandfather and not {pair1[0]}",
        (
            Does(
                (("{pair1[1]}", "sauv*|sauvetage|secour*|plong*|sort*"),),
                ("{pair1[0]}",),
            ),
        ),
        (
            "C'est {pair1[1]} qui a sauvé le grand-père, et non {pair1[0]} comme l'écrivait le"
            " journal.",
            "Le grand-père de {elle1} {nom1} a été sauvé par {pair1[1]}.",
        ),
        (
            "{pair1[0]} a sauvé le grand-père de {elle1} {nom1}, qui se noyait dans le lac.",
            "Le grand-père a été sauvé par {pair1[0]}, et {pair1[1]} a prêté une couverture.",
            "{elle1} {nom1} écrit au journal pour signaler une erreur.",
        ),
    ),
)
